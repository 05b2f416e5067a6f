package io.github.kib4j.bench.operations;

import io.github.kib4j.bench.Workload;
import io.github.kib4j.bench.products.Product;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.AugmentationOps;
import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.ConvolutionOps;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.LinearOps;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import java.util.function.Function;

/** The operations of a training step. */
final class Operations {
    private static final List<DataType> BOTH = List.of(DataType.F32, DataType.BF16);
    private static final List<DataType> SINGLE = List.of(DataType.F32);
    private static final int GROUPS = 64;

    private final int batch;
    private final List<TimedOperation> all = new ArrayList<>();

    private Operations(int batch) {
        this.batch = batch;
    }

    /** Returns all for a batch of the VGG (128 in the paper); the MLP's is twice as large. */
    static List<TimedOperation> of(int batch) {
        Operations operations = new Operations(batch);
        operations.addConvolutions(128, 256, 32);
        operations.addConvolutions(512, 512, 8);
        operations.addLinear(1024);
        operations.addActivities();
        operations.addBatchNorm();
        operations.addObjectives();
        operations.addOptimizers();
        operations.addAugmentation();
        return List.copyOf(operations.all);
    }

    private void add(String name, List<DataType> types, Function<Operands, Operation> plan, Bound bound) {
        all.add(new TimedOperation(name, types, plan, bound));
    }

    private void addConvolutions(int in, int out, int side) {
        addProducts(
                String.format(Locale.ROOT, "convolution %d to %d at %dx%d", in, out, side, side),
                (operands, product) -> {
                    Tensor x = operands.activations(batch, in, side, side);
                    Tensor y = operands.activations(batch, out, side, side);
                    Tensor w = operands.activations(out, in, 3, 3);
                    ConvolutionOps ops = operands.device().convolution();
                    return switch (product) {
                        case FORWARD -> ops.forward(y, x, w, null);
                        case WEIGHT_GRADIENT -> ops.weightGradient(operands.singles(out, in, 3, 3), null, y, x);
                        case DATA_GRADIENT -> ops.dataGradient(x, y, w);
                    };
                },
                product -> new Bound.Products(
                        LayerSpec.convolution(out), Shape.of(in, side, side), batch, List.of(product)));
    }

    private void addLinear(int units) {
        int rows = 2 * batch;
        addProducts(
                String.format(Locale.ROOT, "linear %d to %d", units, units),
                (operands, product) -> {
                    Tensor x = operands.activations(rows, units);
                    Tensor y = operands.activations(rows, units);
                    Tensor w = operands.activations(units, units);
                    LinearOps ops = operands.device().linear();
                    return switch (product) {
                        case FORWARD -> ops.forward(y, x, w, null);
                        case WEIGHT_GRADIENT -> ops.weightGradient(operands.singles(units, units), null, y, x);
                        case DATA_GRADIENT -> ops.dataGradient(x, y, w);
                    };
                },
                product -> new Bound.Products(LayerSpec.linear(units), Shape.of(units), rows, List.of(product)));
    }

    private void addProducts(
            String name, BiFunction<Operands, Product, Operation> plan, Function<Product, Bound> bound) {
        for (Product product : Product.values()) {
            add(name + ": " + product.text(), BOTH, operands -> plan.apply(operands, product), bound.apply(product));
        }
    }

    /** Returns activities of the VGG's second layer: 256 channels. */
    private Tensor layer(Operands operands, int side) {
        return operands.activations(batch, 256, side, side);
    }

    /** The VGG's second layer: 256 channels of 32 x 32, pooled to 16 x 16. */
    private void addActivities() {
        Grouping divisive = new Grouping(GROUPS, 0.8, 1, 0.2);
        Dropout alpha = new Dropout(0.05, true);
        long in = batch * 256L * 32 * 32;
        long out = in / 4;
        ActivityOps.Spec pass = new ActivityOps.Spec(Activation.SELU, Pooling.MAX, divisive, alpha, 1, 1);
        add(
                "activation, pooling, group norm, dropout: forward",
                BOTH,
                operands -> forward(operands, pass, 16),
                new Bound.Memory(type -> type.bytes() * (in + 2 * out) + out));
        add(
                "activation, pooling, group norm: third factor to pre-activations",
                BOTH,
                operands -> {
                    Tensor a = layer(operands, 32);
                    Tensor du = operands.singles(batch, GROUPS);
                    return operands.device().activity().hebbianGradient(a, a, buffers(operands, pass, 16), du, pass);
                },
                new Bound.Memory(type -> type.bytes() * (in + out) + out));
        add(
                "activation, pooling, group norm, dropout: output gradient",
                BOTH,
                operands -> {
                    Tensor a = layer(operands, 32);
                    ActivityOps.Buffers buffers = buffers(operands, pass, 16);
                    Tensor dsent = layer(operands, 16);
                    return operands.device().activity().outputGradient(a, a, buffers, dsent, pass, operands.clock());
                },
                new Bound.Memory(type -> type.bytes() * (in + 2 * out) + out));
        ActivityOps.Spec dropout =
                new ActivityOps.Spec(Activation.IDENTITY, Pooling.NONE, null, new Dropout(0.05, false), 1, 1);
        add(
                "dropout alone",
                BOTH,
                operands -> forward(operands, dropout, 32),
                new Bound.Memory(type -> type.bytes() * 3L * in + in));
    }

    private Operation forward(Operands operands, ActivityOps.Spec spec, int side) {
        Tensor a = layer(operands, 32);
        return operands.device().activity().forward(buffers(operands, spec, side), a, spec, operands.clock());
    }

    private ActivityOps.Buffers buffers(Operands operands, ActivityOps.Spec spec, int side) {
        Tensor post = layer(operands, side);
        Tensor mask = operands.zeros(DataType.U8, batch, 256, side, side);
        Tensor sent = layer(operands, side);
        Shape groups = Shape.of(batch, GROUPS);
        return spec.grouping() == null
                ? new ActivityOps.Buffers(post, mask, null, null, null, sent)
                : new ActivityOps.Buffers(
                        post,
                        mask,
                        operands.doubles(groups),
                        operands.positives(groups),
                        operands.positives(groups),
                        sent);
    }

    /** The statistics need a pass of their own over 256 channels of 32 x 32. */
    private void addBatchNorm() {
        long numbers = batch * 256L * 32 * 32;
        Shape channels = Shape.of(256);
        add(
                "batch norm: forward",
                BOTH,
                operands -> operands.device()
                        .batchNorm()
                        .forward(
                                layer(operands, 32),
                                saved(operands, channels),
                                layer(operands, 32),
                                parameters(operands, channels)),
                new Bound.Memory(type -> type.bytes() * 3L * numbers));
        add(
                "batch norm: gradient",
                BOTH,
                operands -> {
                    Tensor dy = layer(operands, 32);
                    Tensor dscale = operands.positives(channels);
                    Tensor dshift = operands.positives(channels);
                    return operands.device()
                            .batchNorm()
                            .gradient(
                                    dy,
                                    dscale,
                                    dshift,
                                    dy,
                                    layer(operands, 32),
                                    parameters(operands, channels),
                                    saved(operands, channels));
                },
                new Bound.Memory(type -> type.bytes() * 5L * numbers));
    }

    private static BatchNormOps.Saved saved(Operands operands, Shape channels) {
        return new BatchNormOps.Saved(operands.doubles(channels), operands.doubles(channels));
    }

    private static BatchNormOps.Parameters parameters(Operands operands, Shape channels) {
        return new BatchNormOps.Parameters(
                operands.positives(channels),
                operands.positives(channels),
                operands.positives(channels),
                operands.positives(channels));
    }

    private void addObjectives() {
        ObjectiveOps.Spec cosine = new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.COSINE, true, 2);
        ObjectiveOps.Spec gaussian = new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.gaussian(5), true, 2);
        add(
                "objective and gradient: cosine, without Gram matrices",
                SINGLE,
                operands -> objective(operands, cosine, ObjectiveOps.Form.GRAM_FREE),
                new Bound.Products(
                        LayerSpec.linear(GROUPS),
                        Shape.of(GROUPS),
                        batch,
                        List.of(Product.FORWARD, Product.WEIGHT_GRADIENT)));
        add(
                "objective and gradient: Gaussian",
                SINGLE,
                operands -> objective(operands, gaussian, ObjectiveOps.Form.GRAM),
                new Bound.Products(
                        LayerSpec.linear(batch),
                        Shape.of(GROUPS),
                        batch,
                        List.of(Product.FORWARD, Product.DATA_GRADIENT)));
        add(
                "dependence of two variables: HSIC, Gaussian",
                SINGLE,
                operands -> operands.device()
                        .gram()
                        .dependence(
                                operands.zeros(DataType.F64, 1),
                                operands.positives(Shape.of(batch, GROUPS)),
                                Kernel.gaussian(5),
                                operands.positives(Shape.of(batch, GROUPS)),
                                Kernel.gaussian(5),
                                Estimator.HSIC),
                new Bound.Products(
                        LayerSpec.linear(batch),
                        Shape.of(GROUPS),
                        batch,
                        List.of(Product.FORWARD, Product.DATA_GRADIENT)));
    }

    private Operation objective(Operands operands, ObjectiveOps.Spec spec, ObjectiveOps.Form form) {
        return operands.device()
                .objective()
                .gradient(
                        operands.singles(batch, GROUPS),
                        operands.zeros(DataType.F64, 3),
                        operands.positives(Shape.of(batch, GROUPS)),
                        operands.teaching(batch),
                        spec,
                        form,
                        null);
    }

    /** The weights of the VGG. */
    private void addOptimizers() {
        NetworkSpec network = new Workload("vgg", "cosine-grp-div", Precision.F32).networkSpec();
        List<Shape> weights = new ArrayList<>();
        for (int i = 0; i < network.hidden().size(); i++) {
            weights.add(network.hidden().get(i).weight(network.shapes().get(i)));
        }
        long numbers = weights.stream().mapToLong(Shape::size).sum();
        OptimizerOps.Spec sgd = new OptimizerOps.Sgd(0.95, 1e-7);
        OptimizerOps.Spec adamW = new OptimizerOps.Adam(0.9, 0.999, 1e-8, 1e-7, true);
        add(
                "optimizer: SGD with momentum",
                BOTH,
                operands -> optimizer(operands, sgd, weights),
                new Bound.Memory(type -> (5 * Float.BYTES + rounded(type)) * numbers));
        add(
                "optimizer: AdamW",
                BOTH,
                operands -> optimizer(operands, adamW, weights),
                new Bound.Memory(type -> (7 * Float.BYTES + rounded(type)) * numbers));
    }

    /** Bytes of a weight's copy for the products. */
    private static int rounded(DataType type) {
        return type == DataType.F32 ? 0 : type.bytes();
    }

    private static Operation optimizer(Operands operands, OptimizerOps.Spec spec, List<Shape> weights) {
        List<OptimizerOps.Slot> slots = weights.stream()
                .map(shape -> new OptimizerOps.Slot(
                        operands.positives(shape),
                        operands.positives(shape),
                        operands.positives(shape),
                        spec.states() > 1 ? operands.positives(shape) : null,
                        operands.rounded(shape)))
                .toList();
        return operands.device().optimizer().step(spec, slots, operands.number(1e-6), operands.clock());
    }

    private void addAugmentation() {
        List<Double> half = Collections.nCopies(3, 0.5);
        AugmentationOps.Spec spec = new AugmentationOps.Spec(4, true, half, half, 1);
        long numbers = batch * 3L * 32 * 32;
        add(
                "augmentation: gather, crop, mirror, normalize",
                BOTH,
                operands -> operands.device()
                        .augmentation()
                        .batch(
                                operands.activations(batch, 3, 32, 32),
                                operands.zeros(DataType.I32, batch),
                                operands.bytes(batch, 3, 32, 32),
                                operands.labels(batch),
                                null,
                                spec,
                                operands.clock()),
                new Bound.Memory(type -> numbers * (1 + type.bytes())));
    }
}
