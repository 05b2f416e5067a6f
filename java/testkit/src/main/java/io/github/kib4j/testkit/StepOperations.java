package io.github.kib4j.testkit;

import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.BatchOps;
import io.github.kib4j.op.Cells;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.testkit.OperationCase.Setup;
import io.github.kib4j.testkit.OperationCases.Activity;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The list's third mode: the operations of a training step at the sizes of the paper's networks, and what limits their speed. */
public final class StepOperations {
    private static final List<DataType> BOTH = List.of(DataType.F32, DataType.BF16);
    private static final List<DataType> SINGLE = List.of(DataType.F32);
    private static final int GROUPS = 64;
    private static final int CHANNELS = 256;
    private static final int SIDE = 32;

    private final int batch;
    private final List<TimedOperation> all = new ArrayList<>();

    private StepOperations(int batch) {
        this.batch = batch;
    }

    /**
     * Returns all operations.
     *
     * @param batch of the VGG (128 in the paper); the MLP's is twice as large
     * @return in the order of a step
     */
    public static List<TimedOperation> of(int batch) {
        StepOperations operations = new StepOperations(batch);
        operations.addConvolutions(128, CHANNELS, SIDE);
        operations.addConvolutions(512, 512, 8);
        operations.addLinear(1024);
        operations.addActivities();
        operations.addBatchNorm();
        operations.addObjectives();
        operations.addCells();
        operations.addOptimizers();
        operations.addOtherUpdates();
        operations.addAugmentation();
        operations.addOtherRules();
        operations.addOptions();
        return List.copyOf(operations.all);
    }

    private void add(String name, List<DataType> types, SpeedLimit limit, OperationCase.Body setUp) {
        all.add(new TimedOperation(name, types, setUp, limit));
    }

    private interface Factors {
        void plan(Setup t, Product product);
    }

    private void addProducts(String name, LayerSpec layer, Shape input, int samples, Factors factors) {
        for (Product product : Product.values()) {
            SpeedLimit limit = new SpeedLimit.Products(layer, input, samples, List.of(product));
            add(name + ": " + product.text(), BOTH, limit, t -> factors.plan(t, product));
        }
    }

    private void addConvolutions(int in, int out, int side) {
        String name = String.format(Locale.ROOT, "convolution %d to %d at %dx%d", in, out, side, side);
        addProducts(name, LayerSpec.convolution(out), Shape.of(in, side, side), batch, (t, product) -> {
            Tensor x = t.randomActivation(batch, in, side, side);
            Tensor y = t.randomActivation(batch, out, side, side);
            Tensor w = t.randomActivation(out, in, 3, 3);
            t.then(
                    switch (product) {
                        case FORWARD -> t.device().product().forward(y, x, w, null, new Geometry(3));
                        case WEIGHT_GRADIENT ->
                            t.device().product().weightGradient(t.single(out, in, 3, 3), null, y, x, new Geometry(3));
                        case DATA_GRADIENT -> t.device().product().dataGradient(x, y, w, new Geometry(3));
                    });
        });
    }

    private void addLinear(int units) {
        int rows = 2 * batch;
        String name = String.format(Locale.ROOT, "linear %d to %d", units, units);
        addProducts(name, LayerSpec.linear(units), Shape.of(units), rows, (t, product) -> {
            Tensor x = t.randomActivation(rows, units);
            Tensor y = t.randomActivation(rows, units);
            Tensor w = t.randomActivation(units, units);
            t.then(
                    switch (product) {
                        case FORWARD -> t.device().product().forward(y, x, w, null, Geometry.LINEAR);
                        case WEIGHT_GRADIENT ->
                            t.device().product().weightGradient(t.single(units, units), null, y, x, Geometry.LINEAR);
                        case DATA_GRADIENT -> t.device().product().dataGradient(x, y, w, Geometry.LINEAR);
                    });
        });
    }

    /** The VGG's second layer: 256 channels of 32 x 32, pooled to 16 x 16. */
    private void addActivities() {
        int[] extents = {batch, CHANNELS, SIDE, SIDE};
        long in = Shape.of(extents).size();
        long out = in / 4;
        Activity pass = new Activity(
                extents, Activation.SELU, Pooling.MAX, new Grouping(GROUPS, 0.8, 1, 0.2), new Dropout(0.05, true));
        add(
                "activation, pooling, group norm, dropout: forward",
                BOTH,
                new SpeedLimit.Memory(type -> type.bytes() * (in + 2 * out) + out),
                t -> OperationCases.activityForward(t, pass));
        add(
                "activation, pooling, group norm: third factor to pre-activations",
                BOTH,
                new SpeedLimit.Memory(type -> type.bytes() * (in + out) + out),
                t -> OperationCases.hebbianGradient(t, pass));
        add(
                "activation, pooling, group norm, dropout: output gradient",
                BOTH,
                new SpeedLimit.Memory(type -> type.bytes() * (in + 2 * out) + out),
                t -> OperationCases.outputGradient(t, pass));
        Activity dropout = new Activity(extents, Activation.IDENTITY, Pooling.NONE, null, new Dropout(0.05, false));
        add(
                "dropout alone",
                BOTH,
                new SpeedLimit.Memory(type -> type.bytes() * 3L * in + in),
                t -> OperationCases.activityForward(t, dropout));
    }

    /** The statistics need a pass of their own over 256 channels of 32 x 32. */
    private void addBatchNorm() {
        int[] extents = {batch, CHANNELS, SIDE, SIDE};
        long numbers = Shape.of(extents).size();
        add(
                "batch norm: forward",
                BOTH,
                new SpeedLimit.Memory(type -> type.bytes() * 3L * numbers),
                t -> OperationCases.batchNormForward(t, extents));
        add(
                "batch norm: gradient",
                BOTH,
                new SpeedLimit.Memory(type -> type.bytes() * 5L * numbers),
                t -> OperationCases.batchNormGradient(t, extents));
    }

    private void addObjectives() {
        ObjectiveOps.Spec cosine = new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.COSINE, true, 2);
        ObjectiveOps.Spec gaussian = new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.gaussian(5), true, 2);
        SpeedLimit sums = new SpeedLimit.Products(
                LayerSpec.linear(GROUPS), Shape.of(GROUPS), batch, List.of(Product.FORWARD, Product.WEIGHT_GRADIENT));
        SpeedLimit matrices = new SpeedLimit.Products(
                LayerSpec.linear(batch), Shape.of(GROUPS), batch, List.of(Product.FORWARD, Product.DATA_GRADIENT));
        add(
                "objective and gradient: cosine, without Gram matrices",
                SINGLE,
                sums,
                t -> objective(t, cosine, ObjectiveOps.Form.GRAM_FREE));
        add("objective and gradient: Gaussian", SINGLE, matrices, t -> objective(t, gaussian, ObjectiveOps.Form.GRAM));
        add("dependence of two variables: HSIC, Gaussian", SINGLE, matrices, t -> {
            Tensor x = t.filled(t.single(batch, GROUPS), 0, 1);
            Tensor y = t.filled(t.single(batch, GROUPS), 0, 1);
            Kernel kernel = Kernel.gaussian(5);
            t.then(t.device().gram().dependence(t.wide(1), x, kernel, y, kernel, Estimator.HSIC));
        });
        add(
                "sums over pairs of two variables: Gaussian",
                SINGLE,
                matrices,
                t -> t.then(t.device()
                        .gram()
                        .sums(t.wide(3), t.wide(2, batch), t.wide(2, batch), List.of(samples(t), samples(t)))));
        add("gradient of sums over pairs: Gaussian", SINGLE, matrices, t -> {
            GramOps.Samples x = samples(t);
            Tensor dx = t.single(batch, GROUPS);
            t.then(t.device()
                    .gram()
                    .gradient(dx, x, List.of(samples(t)), t.filled(t.wide(2), 0, 1), t.filled(t.wide(2, batch), 0, 1)));
        });
    }

    private GramOps.Samples samples(Setup t) {
        return new GramOps.Samples(t.filled(t.single(batch, GROUPS), 0, 1), Kernel.gaussian(5));
    }

    private void objective(Setup t, ObjectiveOps.Spec spec, ObjectiveOps.Form form) {
        OperationCases.objective(t, spec, form, OperationCases.CLASSES, batch, GROUPS);
    }

    /** The VGG's second layer in 1, 4 and 16 cells. */
    private void addCells() {
        int[] extents = {batch, CHANNELS, SIDE / 2, SIDE / 2};
        long numbers = Shape.of(extents).size();
        Cells cells = new Cells(GROUPS, 0.8, 1, List.of(1, 2, 4));
        long codes = 16L * batch * cells.width();
        add(
                "codes of groups in cells",
                BOTH,
                new SpeedLimit.Memory(type -> type.bytes() * numbers + codes),
                t -> OperationCases.cellCodes(t, extents, cells));
        add(
                "codes of groups in cells: gradient",
                BOTH,
                new SpeedLimit.Memory(type -> 2 * type.bytes() * numbers + codes),
                t -> OperationCases.cellGradient(t, extents, cells));
    }

    /** The weights of the VGG. */
    private void addOptimizers() {
        int[] channels = {128, 256, 256, 512, 512, 512};
        NetworkSpec network =
                NetworkSpec.vgg(Shape.of(3, 32, 32), channels, Set.of(1, 3, 4, 5), 1024, 10, LayerSpec.linear(1));
        List<int[]> weights = new ArrayList<>();
        for (int i = 0; i < network.hidden().size(); i++) {
            weights.add(Derivatives.extents(
                    network.hidden().get(i).weight(network.shapes().get(i))));
        }
        long numbers =
                weights.stream().mapToLong(shape -> Shape.of(shape).size()).sum();
        add(
                "optimizer: SGD with momentum",
                BOTH,
                new SpeedLimit.Memory(type -> (5 * Float.BYTES + copy(type)) * numbers),
                t -> optimizer(t, new OptimizerOps.Sgd(0.95, 1e-7), weights));
        add(
                "optimizer: AdamW",
                BOTH,
                new SpeedLimit.Memory(type -> (7 * Float.BYTES + copy(type)) * numbers),
                t -> optimizer(t, new OptimizerOps.Adam(0.9, 0.999, 1e-8, 1e-7, true), weights));
    }

    /** What averages of the weights add to a step, and for each matrix its orthogonalised momentum. */
    private void addOtherUpdates() {
        long numbers = 512L * 512 * 9;
        add(
                "averages: of the largest convolution's weights",
                BOTH,
                new SpeedLimit.Memory(type -> 3 * Float.BYTES * numbers),
                t -> {
                    Tensor value = t.randomSingle(512, 512, 3, 3);
                    OptimizerOps.Averaged array = new OptimizerOps.Averaged(t.randomSingle(512, 512, 3, 3), value);
                    t.then(t.device().optimizer().average(List.of(array), 0.999, t.clock(4, 0, 0)));
                });
        add(
                "orthogonalised momentum: sum of two matrices",
                BOTH,
                new SpeedLimit.Memory(type -> 3 * Float.BYTES * numbers),
                t -> {
                    Tensor x = t.randomSingle(512, 512 * 9);
                    t.then(t.device().optimizer().combine(x, 0.5, x, 0.5, t.randomSingle(512, 512 * 9), null));
                });
        add(
                "orthogonalised momentum: norm of a matrix",
                BOTH,
                new SpeedLimit.Memory(type -> 3 * Float.BYTES * numbers),
                t -> {
                    Tensor x = t.randomSingle(512, 512 * 9);
                    t.then(t.device().optimizer().normalize(x, x, 1e-7));
                });
    }

    /** Bytes of a weight's copy for the products. */
    private static int copy(DataType type) {
        return type == DataType.F32 ? 0 : type.bytes();
    }

    /** Gradients that stay 0 would make moments denormal, which processors compute with slowly. */
    private static void optimizer(Setup t, OptimizerOps.Spec spec, List<int[]> weights) {
        t.then(OperationCases.optimizerStep(t, spec, weights, i -> true, 1.0 / 64, t.clock(4, 0, 0)));
    }

    /** What the paper's other rules add to a step. */
    private void addOtherRules() {
        long image = batch * 128L * SIDE * SIDE;
        long pooled = batch * 128L * 16;
        add(
                "layer-wise classification: pooling to 2,048 features",
                BOTH,
                new SpeedLimit.Memory(type -> (image + pooled) * type.bytes()),
                t -> t.then(t.device()
                        .readout()
                        .averagePool(t.activation(batch, 128, 4, 4), t.randomActivation(batch, 128, SIDE, SIDE))));
        add(
                "layer-wise classification: pooling's gradient",
                BOTH,
                new SpeedLimit.Memory(type -> (image + pooled) * type.bytes()),
                t -> t.then(t.device()
                        .readout()
                        .averagePoolGradient(
                                t.activation(batch, 128, SIDE, SIDE), t.randomActivation(batch, 128, 4, 4))));
        add(
                "sign symmetry: signs of the largest convolution's weights",
                BOTH,
                new SpeedLimit.Memory(type -> 512L * 512 * 9 * (Float.BYTES + type.bytes())),
                t -> t.then(t.device().optimizer().sign(t.activation(512, 512, 3, 3), t.randomSingle(512, 512, 3, 3))));
    }

    /** What options add to a step: mixup, smoothed labels, logits of several layers. */
    private void addOptions() {
        long numbers = batch * 3L * SIDE * SIDE;
        add("mixup: images of a batch", BOTH, new SpeedLimit.Memory(type -> 2 * numbers * type.bytes()), t -> {
            Tensor parts = t.wide(1);
            parts.write(new double[] {0.25});
            t.then(t.device().batch().mix(t.randomActivation(batch, 3, SIDE, SIDE), parts, t.clock(0, 0, 0)));
        });
        long image = batch * 128L * SIDE * SIDE;
        add(
                "readout of all layers, backprop: the gradients of an image's two ways",
                BOTH,
                new SpeedLimit.Memory(type -> 3 * image * type.bytes()),
                t -> t.then(t.device()
                        .readout()
                        .add(t.randomActivation(batch, 128, SIDE, SIDE), t.randomActivation(batch, 128, SIDE, SIDE))));
    }

    private void addAugmentation() {
        List<Double> half = Collections.nCopies(3, 0.5);
        BatchOps.Spec spec = new BatchOps.Spec(4, BatchOps.Mirror.RANDOM, half, half, 1);
        long numbers = batch * 3L * SIDE * SIDE;
        add(
                "augmentation: gather, crop, mirror, normalize",
                BOTH,
                new SpeedLimit.Memory(type -> numbers * (1 + type.bytes())),
                t -> OperationCases.augmentation(t, spec, batch, null, t.clock(0, 0, 0), batch, 3, SIDE, SIDE));
    }
}
