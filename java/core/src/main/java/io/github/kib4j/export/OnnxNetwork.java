package io.github.kib4j.export;

import io.github.kib4j.checkpoint.CheckpointException;
import io.github.kib4j.checkpoint.Input;
import io.github.kib4j.checkpoint.SavedModel;
import io.github.kib4j.files.Json;
import io.github.kib4j.files.ProtobufMessage;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A network as a graph of ONNX: a node for each operation of docs/mathematics.md, section 2, as evaluation computes it. */
final class OnnxNetwork {
    /** Operator set 17, of which current runtimes and those of years before know all operators that are used here. */
    private static final int OPERATORS = 17;

    private static final int FORMAT = 8;
    private static final String INPUT = "input";
    private static final String LOGITS = "logits";
    private static final String PROBABILITIES = "probabilities";
    private static final String BATCH = "batch";

    private final SavedModel model;
    private final NetworkSpec network;
    private final Input input;
    private final OnnxGraph graph = new OnnxGraph();

    OnnxNetwork(SavedModel model) throws CheckpointException {
        this.model = model;
        model.requireClasses();
        network = model.network();
        input = model.requireInput();
    }

    /** Returns the whole model. */
    ProtobufMessage message() throws CheckpointException {
        List<String> sent = new ArrayList<>();
        List<Shape> shapes = network.shapes();
        String x = normalized();
        for (int i = 0; i < network.hidden().size(); i++) {
            x = layer(i, x, shapes.get(i));
            sent.add(x);
        }
        readout(sent, shapes);
        graph.node("Softmax", List.of(LOGITS), PROBABILITIES, OnnxGraph.integer("axis", 1));
        graph.input(INPUT, BATCH, network.input());
        graph.output(LOGITS, BATCH, Shape.of(network.outputs()));
        graph.output(PROBABILITIES, BATCH, Shape.of(network.outputs()));
        String names = model.names().stream().map(Json::quote).collect(Collectors.joining(", ", "[", "]"));
        String reads = input.type() == DataType.U8
                ? "Pixels from 0 to 1: bytes divided by 255. They are normalized in the network."
                : "Numbers as the network was trained on. They are normalized in the network.";
        return graph.model(FORMAT, OPERATORS, reads, Map.of("class_names", names, "rule", model.rule()));
    }

    private String normalized() {
        Shape channels = Shape.of(input.mean().size(), 1, 1);
        String centred = graph.node(
                "Sub", List.of(INPUT, graph.constant("input.mean", channels, floats(input.mean()))), "centred");
        return graph.node(
                "Div",
                List.of(centred, graph.constant("input.deviation", channels, floats(input.deviation()))),
                "normalized");
    }

    private static float[] floats(List<Double> values) {
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = values.get(i).floatValue();
        }
        return floats;
    }

    private String weight(String name, Shape shape) throws CheckpointException {
        return graph.constant(name, shape, model.array(name, shape).floats());
    }

    /** Returns what a hidden layer sends. */
    private String layer(int index, String x, Shape from) throws CheckpointException {
        LayerSpec layer = network.hidden().get(index);
        String prefix = "hidden_layers." + index + ".";
        Shape units = Shape.of(layer.units());
        String a;
        if (layer.isConvolution()) {
            List<String> arguments = new ArrayList<>(List.of(x, weight(prefix + "layer.weight", layer.weight(from))));
            if (layer.bias()) {
                arguments.add(weight(prefix + "layer.bias", units));
            }
            long padding = layer.geometry().padding();
            a = graph.node(
                    "Conv",
                    arguments,
                    prefix + "a",
                    OnnxGraph.integers("kernel_shape", layer.kernelSize(), layer.kernelSize()),
                    OnnxGraph.integers("pads", padding, padding, padding, padding));
        } else {
            String weight = weight(prefix + "layer.weight", Shape.of(layer.units(), Math.toIntExact(from.size())));
            a = product(x, weight, layer.bias() ? weight(prefix + "layer.bias", units) : null, prefix + "a");
        }
        if (layer.batchNorm()) {
            String norm = prefix + "batch_norm.";
            a = graph.node(
                    "BatchNormalization",
                    List.of(
                            a,
                            weight(norm + "weight", units),
                            weight(norm + "bias", units),
                            weight(norm + "running_mean", units),
                            weight(norm + "running_var", units)),
                    prefix + "normalized",
                    OnnxGraph.number("epsilon", (float) BatchNormOps.EPSILON));
        }
        String z = pooled(layer.pooling(), activated(layer.activation(), a, prefix), prefix);
        Grouping grouping = layer.grouping();
        return grouping != null && grouping.divisive() ? divided(grouping, z, layer.output(from), prefix) : z;
    }

    /** Returns {@code W x + b} of a flattened input. */
    private String product(String x, String weight, @Nullable String bias, String name) {
        String flat = graph.node("Flatten", List.of(x), name + ".flat", OnnxGraph.integer("axis", 1));
        List<String> arguments = new ArrayList<>(List.of(flat, weight));
        if (bias != null) {
            arguments.add(bias);
        }
        return graph.node("Gemm", arguments, name, OnnxGraph.integer("transB", 1));
    }

    private String activated(Activation activation, String a, String prefix) {
        String name = prefix + "activity";
        return switch (activation) {
            case IDENTITY -> a;
            case RELU -> graph.node("Relu", List.of(a), name);
            case LEAKY_RELU ->
                graph.node("LeakyRelu", List.of(a), name, OnnxGraph.number("alpha", (float) Activation.LEAKY_SLOPE));
            case SELU ->
                graph.node(
                        "Selu",
                        List.of(a),
                        name,
                        OnnxGraph.number("alpha", (float) Activation.SELU_ALPHA),
                        OnnxGraph.number("gamma", (float) Activation.SELU_LAMBDA));
        };
    }

    private String pooled(Pooling pooling, String z, String prefix) {
        return pooling == Pooling.NONE
                ? z
                : graph.node(
                        pooling == Pooling.MAX ? "MaxPool" : "AveragePool",
                        List.of(z),
                        prefix + "pooled",
                        OnnxGraph.integers("kernel_shape", 2, 2),
                        OnnxGraph.integers("strides", 2, 2));
    }

    /** Returns {@code (z - zbar) / s^q}, group by group. */
    private String divided(Grouping grouping, String z, Shape shape, String prefix) {
        int groups = grouping.groups();
        int size = Math.toIntExact(shape.size() / groups);
        String cut = graph.reshape(z, prefix + "groups", groups, size);
        String mean = graph.node("ReduceMean", List.of(cut), prefix + "mean", OnnxGraph.integers("axes", 2));
        String centred = graph.node("Sub", List.of(cut, mean), prefix + "centred");
        String squares =
                graph.node("ReduceSumSquare", List.of(centred), prefix + "squares", OnnxGraph.integers("axes", 2));
        String sum = graph.node(
                "Add", List.of(squares, graph.constant(prefix + "delta", (float) grouping.delta())), prefix + "sum");
        String scale = graph.node("Div", List.of(sum, graph.constant(prefix + "size", size)), prefix + "s");
        String power = graph.node(
                "Pow",
                List.of(scale, graph.constant(prefix + "power", (float) grouping.divisivePower())),
                prefix + "divisor");
        String divided = graph.node("Div", List.of(centred, power), prefix + "divided");
        return graph.reshape(divided, prefix + "r", shape.extents());
    }

    /** Adds the logits: of each layer that is read a product, and their sum. */
    private void readout(List<String> sent, List<Shape> shapes) throws CheckpointException {
        boolean all = network.readout().readsAll();
        Map<Integer, Shape> read = network.read();
        int last = sent.size() - 1;
        String bias = weight((all ? "softmax_layers." + last : "softmax_layer") + ".bias", Shape.of(network.outputs()));
        String sum = "";
        for (Map.Entry<Integer, Shape> entry : read.entrySet()) {
            int layer = entry.getKey();
            String name = all ? "softmax_layers." + layer : "softmax_layer";
            Shape features = entry.getValue();
            String x = averaged(sent.get(layer), shapes.get(layer + 1), features, name);
            String weight = weight(name + ".weight", Shape.of(network.outputs(), Math.toIntExact(features.size())));
            boolean only = read.size() == 1;
            String part = product(x, weight, sum.isEmpty() ? bias : null, only ? LOGITS : name + ".logits");
            boolean ends = layer == last;
            sum = sum.isEmpty() ? part : graph.node("Add", List.of(sum, part), ends ? LOGITS : name + ".sum");
        }
    }

    /** Returns means over windows (docs/mathematics.md, section 7.3), as products with a matrix of rows and one of columns. */
    private String averaged(String x, Shape from, Shape to, String name) {
        if (to.equals(from)) {
            return x;
        }
        String rows = graph.constant(
                name + ".rows", Shape.of(to.extent(1), from.extent(1)), means(from.extent(1), to.extent(1), false));
        String columns = graph.constant(
                name + ".columns", Shape.of(from.extent(2), to.extent(2)), means(from.extent(2), to.extent(2), true));
        String high = graph.node("MatMul", List.of(rows, x), name + ".high");
        return graph.node("MatMul", List.of(high, columns), name + ".read");
    }

    /** Returns {@code [to, from]} weights of the means over windows of a line; or transposed. */
    private static float[] means(int from, int to, boolean transposed) {
        float[] weights = new float[from * to];
        for (int i = 0; i < to; i++) {
            int first = i * from / to;
            int end = ((i + 1) * from + to - 1) / to;
            for (int k = first; k < end; k++) {
                weights[transposed ? k * to + i : i * from + k] = 1f / (end - first);
            }
        }
        return weights;
    }
}
