package io.github.kib4j.layer;

import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A hidden layer's parameters on a device. {@link Network#passes} plans what is computed with them. */
public final class HiddenLayer {
    private final Device device;
    private final LayerSpec spec;
    private final int index;
    private final Shape input;
    private final Parameter weight;
    private final @Nullable Parameter bias;
    private final @Nullable BatchNorm batchNorm;

    /** Batch normalization's learned and running numbers. */
    record BatchNorm(Parameter scale, Parameter shift, Tensor runningMean, Tensor runningVariance) {
        BatchNormOps.Parameters parameters() {
            return new BatchNormOps.Parameters(scale.value(), shift.value(), runningMean, runningVariance);
        }
    }

    /** Allocates the parameters; {@link #initialize} gives them their values. */
    HiddenLayer(Device device, Scope scope, LayerSpec spec, int index, Shape input, Precision precision) {
        this.device = device;
        this.spec = spec;
        this.index = index;
        this.input = input;
        String prefix = "hidden_layers." + index + ".";
        Shape weightShape = spec.weight(input);
        Shape stored = spec.isConvolution() ? weightShape : Shape.of(spec.units(), weightShape.rowSize());
        weight = Parameter.weight(scope, prefix + "layer.weight", stored, weightShape, precision);
        Shape vector = Shape.of(spec.units());
        bias = spec.bias() ? Parameter.vector(scope, prefix + "layer.bias", vector) : null;
        batchNorm = spec.batchNorm()
                ? new BatchNorm(
                        Parameter.vector(scope, prefix + "batch_norm.weight", vector),
                        Parameter.vector(scope, prefix + "batch_norm.bias", vector),
                        scope.allocate(DataType.F32, vector),
                        scope.allocate(DataType.F32, vector))
                : null;
    }

    /** Draws PyTorch's default initial weights: uniform in {@code +-1/sqrt(fan_in)}; batch norm's scale 1, shift 0. */
    void initialize(long seed) {
        Initialization.uniform(device, weight, seed, Initialization.weights(index));
        if (bias != null) {
            Initialization.uniform(device, bias, weight.value().shape().rowSize(), seed, Initialization.bias(index));
        }
        if (batchNorm != null) {
            double[] ones = new double[spec.units()];
            Arrays.fill(ones, 1);
            batchNorm.scale().value().write(ones);
            batchNorm.runningVariance().write(ones);
        }
    }

    /** {@return what the layer is} */
    public LayerSpec spec() {
        return spec;
    }

    /** {@return the layer's number, from 0} */
    public int index() {
        return index;
    }

    /** {@return the shape of a sample's input} */
    public Shape input() {
        return input;
    }

    /** {@return the shape of a sample's code: groups, or the output without grouping} */
    public Shape code() {
        Grouping grouping = spec.grouping();
        return grouping == null ? spec.output(input) : Shape.of(grouping.groups());
    }

    /** {@return the shape of a sample's activity, after pooling} */
    public Shape activity() {
        return spec.output(input);
    }

    /** {@return the learned parameters} */
    public List<Parameter> parameters() {
        List<Parameter> all = new ArrayList<>(List.of(weight));
        if (bias != null) {
            all.add(bias);
        }
        if (batchNorm != null) {
            all.add(batchNorm.scale());
            all.add(batchNorm.shift());
        }
        return all;
    }

    /** {@return what is kept besides the learned parameters, by name: batch norm's running statistics} */
    public Map<String, Tensor> runningStatistics() {
        if (batchNorm == null) {
            return Map.of();
        }
        String prefix = "hidden_layers." + index + ".batch_norm.";
        Map<String, Tensor> statistics = new LinkedHashMap<>();
        statistics.put(prefix + "running_mean", batchNorm.runningMean());
        statistics.put(prefix + "running_var", batchNorm.runningVariance());
        return statistics;
    }

    Device device() {
        return device;
    }

    Parameter weight() {
        return weight;
    }

    @Nullable
    Parameter bias() {
        return bias;
    }

    @Nullable
    BatchNorm batchNorm() {
        return batchNorm;
    }
}
