package io.github.kib4j.testkit;

import io.github.kib4j.op.Activation;
import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.BatchOps;
import io.github.kib4j.op.Cells;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.testkit.OperationCase.Setup;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The one list of cases, for the tests and benchmarks of every backend. */
public final class OperationCases {
    private final List<OperationCase> cases = new ArrayList<>();

    private OperationCases() {}

    /**
     * Returns all cases.
     *
     * @return at least one of every operation of every family
     */
    public static List<OperationCase> all() {
        OperationCases list = new OperationCases();
        list.linear();
        list.convolution();
        list.batchNorm();
        list.activity();
        list.cells();
        list.gram();
        list.pairs();
        list.objective();
        list.statistics();
        list.optimizer();
        list.readout();
        list.mixing();
        list.pooling();
        list.augmentation();
        list.rows();
        list.random();
        list.cases.addAll(Reductions.all());
        return list.cases;
    }

    private void add(String operation, String name, int terms, OperationCase.Body body) {
        cases.add(new OperationCase(operation, name, terms, body));
    }

    private void linear() {
        for (int[] s : new int[][] {{1, 3, 2}, {2, 17, 5}, {7, 64, 33}, {19, 100, 16}}) {
            String sizes = "B=" + s[0] + " D=" + s[1] + " N=" + s[2];
            add(
                    "linear.forward",
                    sizes,
                    s[1],
                    t -> t.then(t.device()
                            .product()
                            .forward(
                                    t.output("y", t.activation(s[0], s[2])),
                                    t.randomActivation(s[0], s[1]),
                                    t.randomSingle(s[2], s[1]),
                                    null,
                                    Geometry.LINEAR)));
            add(
                    "linear.forward",
                    sizes + " bias, f32 out",
                    s[1],
                    t -> t.then(t.device()
                            .product()
                            .forward(
                                    t.output("y", t.single(s[0], s[2])),
                                    t.randomActivation(s[0], s[1]),
                                    t.randomSingle(s[2], s[1]),
                                    t.randomSingle(s[2]),
                                    Geometry.LINEAR)));
            add(
                    "linear.weightGradient",
                    sizes,
                    s[0],
                    t -> t.then(t.device()
                            .product()
                            .weightGradient(
                                    t.output("dw", t.single(s[2], s[1])),
                                    t.output("dbias", t.single(s[2])),
                                    t.randomActivation(s[0], s[2]),
                                    t.randomActivation(s[0], s[1]),
                                    Geometry.LINEAR)));
            add(
                    "linear.dataGradient",
                    sizes,
                    s[2],
                    t -> t.then(t.device()
                            .product()
                            .dataGradient(
                                    t.output("dx", t.activation(s[0], s[1])),
                                    t.randomActivation(s[0], s[2]),
                                    t.randomSingle(s[2], s[1]),
                                    Geometry.LINEAR)));
            add("linear.forward", sizes + ", rounded weights", s[1], t -> {
                Tensor y = t.output("y", t.activation(s[0], s[2]));
                Tensor x = t.randomActivation(s[0], s[1]);
                t.then(t.device()
                        .product()
                        .forward(y, x, t.randomActivation(s[2], s[1]), t.randomSingle(s[2]), Geometry.LINEAR));
            });
            add("linear.dataGradient", sizes + ", rounded weights", s[2], t -> {
                Tensor dx = t.output("dx", t.activation(s[0], s[1]));
                Tensor dy = t.randomActivation(s[0], s[2]);
                t.then(t.device().product().dataGradient(dx, dy, t.randomActivation(s[2], s[1]), Geometry.LINEAR));
            });
        }
        add(
                "linear.forward",
                "image input",
                48,
                t -> t.then(t.device()
                        .product()
                        .forward(
                                t.output("y", t.activation(3, 5)),
                                t.randomActivation(3, 4, 3, 4),
                                t.randomSingle(5, 4, 3, 4),
                                null,
                                Geometry.LINEAR)));
        add(
                "linear.weightGradient",
                "image input",
                3,
                t -> t.then(t.device()
                        .product()
                        .weightGradient(
                                t.output("dw", t.single(5, 4, 3, 4)),
                                null,
                                t.randomActivation(3, 5),
                                t.randomActivation(3, 4, 3, 4),
                                Geometry.LINEAR)));
        add(
                "linear.dataGradient",
                "image input",
                5,
                t -> t.then(t.device()
                        .product()
                        .dataGradient(
                                t.output("dx", t.activation(3, 4, 3, 4)),
                                t.randomActivation(3, 5),
                                t.randomSingle(5, 4, 3, 4),
                                Geometry.LINEAR)));
    }

    private void convolution() {
        for (int[] s : new int[][] {
            {1, 1, 1, 3, 5, 3}, {2, 3, 17, 8, 8, 3}, {3, 16, 32, 5, 7, 3}, {2, 5, 4, 6, 6, 5}, {2, 4, 6, 4, 4, 1}
        }) {
            String sizes = "B=" + s[0] + " C=" + s[1] + " N=" + s[2] + " " + s[3] + "x" + s[4] + " k=" + s[5];
            int k = s[5];
            for (boolean bias : new boolean[] {false, true}) {
                add(
                        "convolution.forward",
                        sizes + (bias ? " bias" : ""),
                        s[1] * k * k,
                        t -> t.then(t.device()
                                .product()
                                .forward(
                                        t.output("y", t.activation(s[0], s[2], s[3], s[4])),
                                        t.randomActivation(s[0], s[1], s[3], s[4]),
                                        t.randomSingle(s[2], s[1], k, k),
                                        bias ? t.randomSingle(s[2]) : null,
                                        new Geometry(k))));
            }
            add(
                    "convolution.weightGradient",
                    sizes,
                    s[0] * s[3] * s[4],
                    t -> t.then(t.device()
                            .product()
                            .weightGradient(
                                    t.output("dweight", t.single(s[2], s[1], k, k)),
                                    t.output("dbias", t.single(s[2])),
                                    t.randomActivation(s[0], s[2], s[3], s[4]),
                                    t.randomActivation(s[0], s[1], s[3], s[4]),
                                    new Geometry(k))));
            add(
                    "convolution.dataGradient",
                    sizes,
                    s[2] * k * k,
                    t -> t.then(t.device()
                            .product()
                            .dataGradient(
                                    t.output("dx", t.activation(s[0], s[1], s[3], s[4])),
                                    t.randomActivation(s[0], s[2], s[3], s[4]),
                                    t.randomSingle(s[2], s[1], k, k),
                                    new Geometry(k))));
            add("convolution.forward", sizes + ", rounded weights", s[1] * k * k, t -> {
                Tensor y = t.output("y", t.activation(s[0], s[2], s[3], s[4]));
                Tensor x = t.randomActivation(s[0], s[1], s[3], s[4]);
                t.then(t.device().product().forward(y, x, t.randomActivation(s[2], s[1], k, k), null, new Geometry(k)));
            });
            add("convolution.dataGradient", sizes + ", rounded weights", s[2] * k * k, t -> {
                Tensor dx = t.output("dx", t.activation(s[0], s[1], s[3], s[4]));
                Tensor dy = t.randomActivation(s[0], s[2], s[3], s[4]);
                t.then(t.device()
                        .product()
                        .dataGradient(dx, dy, t.randomActivation(s[2], s[1], k, k), new Geometry(k)));
            });
        }
    }

    private void batchNorm() {
        for (int[] extents : new int[][] {{2, 3}, {4, 3}, {6, 17}, {3, 5, 4, 6}, {1, 16, 3, 3}}) {
            String sizes = Shape.of(extents).toString();
            int m = extents[0] * (extents.length == 4 ? extents[2] * extents[3] : 1);
            add("batchNorm.forward", sizes, m, t -> batchNormForward(t, extents));
            add("batchNorm.inference", sizes, 1, t -> {
                Tensor a = t.output("y", t.randomActivation(extents));
                t.then(t.device().batchNorm().inference(a, a, batchNormParameters(t, extents[1])));
            });
            if (m == 2) {
                continue; // of two numbers the gradient is nothing but what cancellation leaves
            }
            add("batchNorm.gradient", sizes, m, t -> batchNormGradient(t, extents));
        }
    }

    static void batchNormForward(Setup t, int... extents) {
        BatchNormOps.Parameters parameters = batchNormParameters(t, extents[1]);
        BatchNormOps.Saved saved =
                new BatchNormOps.Saved(t.output("mean", t.wide(extents[1])), t.output("variance", t.wide(extents[1])));
        t.output("running mean", parameters.runningMean());
        t.output("running variance", parameters.runningVariance());
        t.then(t.device()
                .batchNorm()
                .forward(t.output("y", t.activation(extents)), saved, t.randomActivation(extents), parameters));
    }

    static void batchNormGradient(Setup t, int... extents) {
        BatchNormOps.Parameters parameters = batchNormParameters(t, extents[1]);
        BatchNormOps.Saved saved = new BatchNormOps.Saved(t.wide(extents[1]), t.wide(extents[1]));
        Tensor a = t.randomActivation(extents);
        t.then(t.device().batchNorm().forward(t.activation(extents), saved, a, parameters));
        Tensor dy = t.output("da", t.randomActivation(extents));
        t.then(t.device()
                .batchNorm()
                .gradient(
                        dy,
                        t.output("dscale", t.single(extents[1])),
                        t.output("dshift", t.single(extents[1])),
                        dy,
                        a,
                        parameters,
                        saved));
    }

    private static BatchNormOps.Parameters batchNormParameters(Setup t, int channels) {
        return new BatchNormOps.Parameters(
                t.filled(t.single(channels), 0.5, 1.5),
                t.randomSingle(channels),
                t.randomSingle(channels),
                t.filled(t.single(channels), 0.5, 1.5));
    }

    /** What an activity case is made of. */
    record Activity(
            int[] a,
            Activation activation,
            Pooling pooling,
            @Nullable Grouping grouping,
            Dropout dropout) {
        int[] out() {
            return pooling == Pooling.NONE ? a : new int[] {a[0], a[1], a[2] / 2, a[3] / 2};
        }

        String title() {
            return Shape.of(a) + " " + activation + " " + pooling + (grouping == null ? "" : " " + grouping)
                    + (dropout.isNone() ? "" : " " + dropout);
        }

        ActivityOps.Spec spec() {
            return new ActivityOps.Spec(activation, pooling, grouping, dropout, 3, 0x1234567890L);
        }

        ActivityOps.Buffers buffers(Setup t) {
            Tensor post = t.activation(out());
            Tensor sent = dropout.isNone() ? post : t.activation(out());
            int groups = grouping == null ? 1 : grouping.groups();
            return grouping == null
                    ? new ActivityOps.Buffers(post, t.mask(out()), null, null, null, sent)
                    : new ActivityOps.Buffers(
                            post,
                            t.mask(out()),
                            t.wide(a[0], groups),
                            t.single(a[0], groups),
                            t.single(a[0], groups),
                            sent);
        }

        int terms() {
            return grouping == null ? 1 : (int) Shape.of(out()).row().size() / grouping.groups();
        }
    }

    private static List<Activity> activities() {
        List<Activity> all = new ArrayList<>();
        Grouping plain = new Grouping(4, 0.5, 1, 0);
        Grouping divisive = new Grouping(4, 0.8, 1, 0.2);
        for (Activation activation : Activation.values()) {
            for (Pooling pooling : Pooling.values()) {
                all.add(new Activity(new int[] {2, 8, 4, 4}, activation, pooling, null, Dropout.NONE));
                all.add(new Activity(
                        new int[] {3, 8, 4, 4},
                        activation,
                        pooling,
                        divisive,
                        new Dropout(0.3, activation == Activation.SELU)));
            }
            all.add(new Activity(new int[] {3, 24}, activation, Pooling.NONE, plain, new Dropout(0.5, false)));
            all.add(new Activity(new int[] {2, 24}, activation, Pooling.NONE, divisive, Dropout.NONE));
        }
        for (Grouping g : List.of(
                new Grouping(1, 0.5, 1, 0.5),
                new Grouping(36, 0.5, 0.1, 0),
                new Grouping(9, 0.8, 1, 0.2),
                new Grouping(8, 0.7, 0.1, 0.4),
                new Grouping(6, 0.5, 0, 0.5))) {
            // 6 channels of 3 x 4 positions: 9 and 8 groups cut across channels
            all.add(new Activity(
                    new int[] {2, 6, 3, 4}, Activation.LEAKY_RELU, Pooling.NONE, g, new Dropout(0.25, false)));
            all.add(new Activity(new int[] {2, 6, 6, 8}, Activation.SELU, Pooling.MAX, g, Dropout.NONE));
        }
        for (int[] odd : new int[][] {{2, 8, 5, 4}, {3, 8, 4, 7}, {2, 8, 7, 5}, {2, 8, 3, 3}}) {
            for (Pooling pooling : List.of(Pooling.MAX, Pooling.AVERAGE)) {
                all.add(new Activity(odd, Activation.LEAKY_RELU, pooling, null, Dropout.NONE));
                all.add(new Activity(odd, Activation.SELU, pooling, divisive, new Dropout(0.3, true)));
            }
        }
        // more numbers than one thread computes with
        int[] large = {8, 16, 23, 25};
        all.add(new Activity(large, Activation.SELU, Pooling.MAX, divisive, new Dropout(0.3, true)));
        all.add(new Activity(large, Activation.LEAKY_RELU, Pooling.NONE, plain, new Dropout(0.3, false)));
        all.add(new Activity(large, Activation.RELU, Pooling.AVERAGE, new Grouping(32, 0.8, 1, 0.2), Dropout.NONE));
        // 6 channels of 2 x 3 positions in groups of 4: across channels
        all.add(new Activity(
                new int[] {2, 6, 5, 7}, Activation.SELU, Pooling.AVERAGE, new Grouping(9, 0.8, 1, 0.2), Dropout.NONE));
        all.add(new Activity(
                new int[] {2, 6, 5, 7}, Activation.RELU, Pooling.MAX, new Grouping(9, 0.5, 1, 0), Dropout.NONE));
        all.add(new Activity(
                new int[] {1, 6, 3, 3},
                Activation.RELU,
                Pooling.NONE,
                new Grouping(27, 0.5, 1, 0),
                new Dropout(0.1, false)));
        all.add(new Activity(
                new int[] {2, 10},
                Activation.SELU,
                Pooling.NONE,
                new Grouping(5, 0.8, 1, 0.2),
                new Dropout(0.2, true)));
        return all;
    }

    private void activity() {
        for (Activity c : activities()) {
            add("activity.forward", c.title(), c.terms(), t -> activityForward(t, c));
            add("activity.hebbianGradient", c.title(), c.terms(), t -> hebbianGradient(t, c));
            add("activity.outputGradient", c.title(), c.terms(), t -> outputGradient(t, c));
        }
    }

    static void activityForward(Setup t, Activity c) {
        ActivityOps.Buffers buffers = c.buffers(t);
        t.output("post", buffers.post());
        t.output("sent", buffers.sent());
        if (buffers.code() != null && buffers.mean() != null && buffers.scale() != null) {
            t.output("mean", buffers.mean());
            t.output("scale", buffers.scale());
            t.output("code", buffers.code());
        }
        t.then(t.device().activity().forward(buffers, input(t, c), c.spec(), t.clock(5, 1, 0)));
    }

    static void hebbianGradient(Setup t, Activity c) {
        ActivityOps.Buffers buffers = c.buffers(t);
        Tensor a = t.output("da", input(t, c));
        t.then(t.device().activity().forward(buffers, a, c.spec(), t.clock(5, 1, 0)));
        Tensor du = c.grouping() == null
                ? t.randomActivation(c.out())
                : t.randomSingle(c.a()[0], c.grouping().groups());
        t.then(t.device().activity().hebbianGradient(a, a, buffers, du, c.spec()));
    }

    static void outputGradient(Setup t, Activity c) {
        ActivityOps.Buffers buffers = c.buffers(t);
        Tensor a = t.output("da", input(t, c));
        Clock clock = t.clock(5, 1, 0);
        t.then(t.device().activity().forward(buffers, a, c.spec(), clock));
        t.then(t.device().activity().outputGradient(a, a, buffers, t.randomActivation(c.out()), c.spec(), clock));
    }

    /** Pre-activations with ties in the first window, and zeros. */
    private static Tensor input(Setup t, Activity c) {
        return t.edit(t.filled(t.activation(c.a()), -2, 2), values -> {
            values[0] = values[1] = 0.5;
            values[values.length - 1] = 0;
        });
    }

    private void cells() {
        record Case(int[] z, Cells cells) {}
        for (Case c : List.of(
                new Case(new int[] {2, 4, 4, 4}, new Cells(2, 0.8, 1, List.of(1, 2, 4))),
                new Case(new int[] {3, 6, 7, 5}, new Cells(3, 0.5, 0.1, List.of(2, 3))),
                new Case(new int[] {3, 6, 2, 3}, new Cells(1, 1.5, 1, List.of(1, 2))),
                new Case(new int[] {4, 12}, new Cells(4, 0.5, 1, List.of(1))),
                new Case(new int[] {20, 144, 5, 6}, new Cells(2, 0.8, 1, List.of(1, 4)))) /* on all threads */) {
            String name = Arrays.toString(c.z()) + " " + c.cells();
            int terms = Shape.of(c.z()).rowSize() / c.cells().groups();
            add("cells.codes", name, terms, t -> cellCodes(t, c.z(), c.cells()));
            add("cells.gradient", name, terms, t -> cellGradient(t, c.z(), c.cells()));
        }
        add("cells.gradient", "no delta and no spread", 8, t -> {
            Cells cells = new Cells(2, 0.8, 0, List.of(1, 2));
            Tensor z = t.edit(t.randomActivation(2, 4, 2, 2), v -> Arrays.fill(v, 0, 8, 0.5));
            cellGradient(t, z, cells);
        });
    }

    static void cellCodes(Setup t, int[] z, Cells cells) {
        int[] codes = {z[0], cells.width()};
        t.then(t.device()
                .cells()
                .codes(
                        t.output("u", t.single(codes)),
                        t.output("mean", t.wide(codes)),
                        t.output("scale", t.single(codes)),
                        t.randomActivation(z),
                        cells));
    }

    static void cellGradient(Setup t, int[] z, Cells cells) {
        cellGradient(t, t.randomActivation(z), cells);
    }

    private static void cellGradient(Setup t, Tensor z, Cells cells) {
        int[] codes = {z.shape().extent(0), cells.width()};
        Tensor mean = t.wide(codes);
        Tensor scale = t.single(codes);
        t.then(t.device().cells().codes(t.single(codes), mean, scale, z, cells));
        Tensor dz = t.output("dz", t.activation(Derivatives.extents(z.shape())));
        t.then(t.device().cells().gradient(dz, z, mean, scale, t.randomSingle(codes), cells));
    }

    private static final List<Kernel> KERNELS =
            List.of(Kernel.LINEAR, Kernel.COSINE, Kernel.gaussian(5), Kernel.gaussian(1.5), Kernel.gaussian(20, 2, 5));

    private void gram() {
        for (Estimator estimator : Estimator.values()) {
            for (Kernel first : KERNELS) {
                for (Kernel second : KERNELS) {
                    dependence(first + " " + second, estimator, first, second, 0, 9);
                }
                // one row more than tiles and panels hold
                dependence(first + " of 257 samples", estimator, first, Kernel.COSINE, 0, 257);
                dependence(first + ", mean 1000", estimator, first, Kernel.LINEAR, 1000, 9);
            }
            add(
                    "gram.dependence",
                    estimator + " of one sample",
                    1,
                    t -> t.then(t.device()
                            .gram()
                            .dependence(
                                    t.output("value", t.wide(1)),
                                    t.randomActivation(1, 3),
                                    Kernel.LINEAR,
                                    t.randomSingle(1, 2),
                                    Kernel.COSINE,
                                    estimator)));
        }
    }

    /** Of image codes, the third of them zero, and vectors. */
    private void dependence(String title, Estimator estimator, Kernel first, Kernel second, double mean, int batch) {
        add("gram.dependence", estimator + " " + title, 1, t -> {
            Tensor x = t.edit(mean == 0 ? t.randomActivation(batch, 3, 2, 3) : t.randomSingle(batch, 3, 2, 3), v -> {
                Arrays.fill(v, 2 * 18, 3 * 18, 0);
                Arrays.setAll(v, i -> v[i] + mean);
            });
            t.then(t.device()
                    .gram()
                    .dependence(t.output("value", t.wide(1)), x, first, t.randomSingle(batch, 21), second, estimator));
        });
    }

    private static final List<Kernel> OF_PAIRS = List.of(
            Kernel.LINEAR,
            Kernel.COSINE,
            Kernel.gaussian(1.5),
            Kernel.gaussian(4, 1, 2),
            Kernel.laplace(2),
            Kernel.laplace(4, 1),
            Kernel.inverseMultiquadric(2),
            Kernel.inverseMultiquadric(1, 3),
            Kernel.DELTA);

    /** What rounding leaves of entries of Gram matrices: a few units of 1, or of the samples' lengths with the linear kernel. */
    private static final double OF_ENTRIES = 16 * 0x1p-24;

    /** Of sums of entries, whose errors are of all signs. */
    private static OperationCase.Bound ofSums(double size) {
        return Bounds.ofEach(OF_ENTRIES, 0x1p-24 * size);
    }

    private void pairs() {
        for (Kernel kernel : OF_PAIRS) {
            // alone, two of them, an odd number, more than tiles of any backend have, and wide samples
            for (int[] size : new int[][] {{1, 3}, {2, 1}, {9, 5}, {67, 3}, {131, 17}, {33, 300}}) {
                sums(kernel + " of " + size[0] + " x " + size[1], size[0], t -> of(t, kernel, size));
                matrix(kernel + " of " + size[0] + " x " + size[1], kernel, size, 0, 1);
                if (kernel != Kernel.DELTA) {
                    pull(kernel + " of " + size[0] + " x " + size[1], size[0], t -> of(t, kernel, size));
                }
            }
            sums(kernel + " and another", 67, t -> of(t, kernel, 67, 4), t -> of(t, Kernel.laplace(3), 67, 2));
            forms(kernel + " and another", 67, 5, true, t -> of(t, kernel, 67, 4), t -> of(t, Kernel.COSINE, 67, 2));
            forms(kernel + " alone", 40, 33, false, t -> of(t, kernel, 40, 4));
            shuffled(kernel + " and itself", 67, 7, t -> of(t, kernel, 67, 4), t -> of(t, kernel, 67, 4));
            shuffled(kernel + " of two samples", 2, 3, t -> of(t, kernel, 2, 1), t -> of(t, Kernel.DELTA, 2, 2));
            shuffled(kernel + " of one sample", 1, 2, t -> of(t, kernel, 1, 2), t -> of(t, kernel, 1, 2));
            if (kernel != Kernel.DELTA) {
                pull(
                        kernel + " and two more",
                        67,
                        t -> of(t, kernel, 67, 3, 2, 2),
                        t -> of(t, Kernel.gaussian(3), 67, 2),
                        t -> of(t, Kernel.DELTA, 67, 1));
            }
        }
        PairsOf[] all = IntStream.range(0, GramOps.MOST_VARIABLES)
                .mapToObj(v -> (PairsOf) t -> of(t, OF_PAIRS.get(v), 35, 1 + v))
                .toArray(PairsOf[]::new);
        sums("as many variables as there may be", 35, all);
        pull("as many variables as there may be", 35, all);
        forms("as many variables as there may be", 35, 2, true, all);
        for (Kernel kernel : List.of(Kernel.gaussian(1e-3), Kernel.laplace(1e-3), Kernel.inverseMultiquadric(1e-3))) {
            matrix(kernel + ", a thousand widths from 0", kernel, new int[] {9, 4}, 1, 1e-3);
            PairsOf far = t -> new GramOps.Samples(around(t, 1, 1e-3, 9, 4), kernel);
            sums(kernel + ", a thousand widths from 0", 9, far);
            pull(kernel + ", a thousand widths from 0", 9, far);
        }
        forms(
                "more samples than are summed in single precision",
                300,
                3,
                true,
                t -> of(t, Kernel.gaussian(1.5), 300, 3));
        shuffled(
                "more samples than are summed in single precision",
                600,
                2,
                t -> of(t, Kernel.gaussian(1.5), 600, 3),
                t -> of(t, Kernel.laplace(2), 600, 2));
    }

    /** A variable in a case. */
    interface PairsOf {
        GramOps.Samples of(Setup t);
    }

    /** Numbers of [-1, 1); the second sample is the first again, and of three or more the last is zero. */
    private static GramOps.Samples of(Setup t, Kernel kernel, int... extents) {
        int n = extents[0];
        int width = Shape.of(extents).rowSize();
        Tensor values = t.edit(t.filled(t.single(extents), -1, 1), v -> {
            if (n > 1) {
                System.arraycopy(v, 0, v, width, width);
            }
            if (n > 2) {
                Arrays.fill(v, (n - 1) * width, n * width, 0);
            }
        });
        return new GramOps.Samples(values, kernel);
    }

    private static List<GramOps.Samples> all(Setup t, PairsOf... variables) {
        return Arrays.stream(variables).map(variable -> variable.of(t)).toList();
    }

    private void sums(String title, int n, PairsOf... variables) {
        int count = variables.length;
        add("gram.sums", title, 1, t -> {
            List<GramOps.Samples> all = all(t, variables);
            double size = n * n * all.stream().mapToDouble(OperationCases::size).reduce(1, (a, b) -> a * b);
            double most = all.stream().mapToDouble(OperationCases::size).max().orElse(1);
            t.then(t.device()
                    .gram()
                    .sums(
                            t.output("products", t.wide(1 + count), ofSums(Math.max(size, n * n * most * most))),
                            t.output("rows", t.wide(count, n), ofSums(n * most)),
                            t.output("diagonals", t.wide(count, n), ofSums(0)),
                            all));
        });
    }

    /** Returns the most that an entry of a Gram matrix can be. */
    private static double size(GramOps.Samples samples) {
        return samples.kernel().kind() == Kernel.Kind.LINEAR
                ? samples.values().shape().rowSize()
                : 1;
    }

    private void pull(String title, int n, PairsOf... variables) {
        add("gram.gradient", title, n, t -> {
            List<GramOps.Samples> all = all(t, variables);
            Tensor x = all.get(0).values();
            t.then(t.device()
                    .gram()
                    .gradient(
                            t.output("dx", t.single(Derivatives.extents(x.shape()))),
                            all.get(0),
                            all.subList(1, all.size()),
                            t.filled(t.wide(2), -1, 1),
                            t.filled(t.wide(2, n), -1, 1)));
        });
    }

    private void forms(String title, int n, int count, boolean diagonal, PairsOf... variables) {
        add(
                "gram.forms",
                title,
                n,
                t -> t.then(t.device()
                        .gram()
                        .forms(
                                t.output("values", t.wide(count)),
                                all(t, variables),
                                t.filled(t.wide(variables.length, n), -0.5, 0.5),
                                t.filled(t.single(n, count), -1, 1),
                                diagonal)));
    }

    private void shuffled(String title, int n, int count, PairsOf first, PairsOf second) {
        add("gram.shuffled", title, n, t -> {
            t.then(t.device()
                    .gram()
                    .shuffled(t.output("values", t.wide(count)), first.of(t), second.of(t), t.orders(count, n)));
        });
    }

    private static Tensor around(Setup t, double mean, double spread, int... extents) {
        return t.singleOf(i -> mean + spread * (2 * t.random().nextDouble() - 1), extents);
    }

    /** Of samples around {@code mean}, one of which is another's too. */
    private void matrix(String title, Kernel kernel, int[] size, double mean, double spread) {
        add("gram.matrix", title, 1, t -> {
            int n = size[0];
            Tensor x = around(t, mean, spread, size);
            Tensor z = around(t, mean, spread, n + 3, size[1]);
            double[] first = x.readDoubles();
            t.edit(z, v -> System.arraycopy(first, 0, v, 0, size[1]));
            t.then(t.device()
                    .gram()
                    .matrix(t.output("matrix", t.single(n, n + 3), Bounds.ofLargest(OF_ENTRIES, 0)), x, z, kernel));
        });
    }

    private static Tensor symmetric(Setup t, int size) {
        return t.edit(t.randomSingle(size, size), v -> {
            for (int i = 0; i < size; i++) {
                for (int j = 0; j < i; j++) {
                    v[i * size + j] = v[j * size + i];
                }
            }
        });
    }

    interface TeachingOf {
        Teaching of(Setup t, int batch);
    }

    static final TeachingOf CLASSES = (t, b) -> new Teaching.Classes(t.labels(b, 10), 10, Kernel.COSINE, true);

    private void objective() {
        List<ObjectiveOps.Spec> specs = new ArrayList<>();
        for (Estimator estimator : Estimator.values()) {
            for (Kernel kernel : KERNELS) {
                specs.add(new ObjectiveOps.Spec(estimator, kernel, true, 2));
                specs.add(new ObjectiveOps.Spec(estimator, kernel, false, 3.5));
            }
        }
        specs.add(new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.COSINE, true, 0));
        for (ObjectiveOps.Spec spec : specs) {
            for (ObjectiveOps.Form form : forms(spec.kernel())) {
                objective(spec, form, "classes", CLASSES, 12, 8);
            }
        }
        // more products than one thread computes
        for (Kernel kernel : KERNELS) {
            for (ObjectiveOps.Form form : forms(kernel)) {
                ObjectiveOps.Spec large = new ObjectiveOps.Spec(Estimator.PHSIC, kernel, true, 2);
                objective(large, form, "classes", CLASSES, 130, 80);
                objective(
                        large,
                        form,
                        "targets",
                        (t, b) -> new Teaching.Targets(t.randomSingle(b, 9), Kernel.COSINE, true),
                        130,
                        80);
            }
        }
        ObjectiveOps.Spec usual = new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.COSINE, true, 2);
        ObjectiveOps.Spec hsic = new ObjectiveOps.Spec(Estimator.HSIC, Kernel.LINEAR, true, 2);
        for (ObjectiveOps.Spec spec : List.of(usual, hsic)) {
            for (ObjectiveOps.Form form : ObjectiveOps.Form.values()) {
                objective(
                        spec,
                        form,
                        "linear labels",
                        (t, b) -> new Teaching.Classes(t.labels(b, 3), 3, Kernel.LINEAR, false),
                        12,
                        8);
                objective(
                        spec,
                        form,
                        "Gaussian labels",
                        (t, b) -> new Teaching.Classes(t.labels(b, 17), 17, Kernel.gaussian(5), true),
                        40,
                        6);
                objective(
                        spec,
                        form,
                        "one class only",
                        (t, b) -> new Teaching.Classes(t.integers(new int[b]), 10, Kernel.COSINE, true),
                        6,
                        4);
                objective(spec, form, "two samples", CLASSES, 2, 4);
                objective(spec, form, "one sample", CLASSES, 1, 4);
                objective(
                        spec,
                        form,
                        "targets, cosine",
                        (t, b) -> new Teaching.Targets(t.randomSingle(b, 5), Kernel.COSINE, true),
                        12,
                        8);
                objective(
                        spec,
                        form,
                        "targets, linear",
                        (t, b) -> new Teaching.Targets(t.randomSingle(b, 5), Kernel.LINEAR, false),
                        12,
                        8);
            }
            objective(
                    spec,
                    ObjectiveOps.Form.GRAM,
                    "targets, Gaussian",
                    (t, b) -> new Teaching.Targets(t.randomSingle(b, 5), Kernel.gaussian(1), false),
                    12,
                    8);
            objective(
                    spec,
                    ObjectiveOps.Form.GRAM,
                    "targets, Gaussians of several widths",
                    (t, b) -> new Teaching.Targets(t.randomSingle(b, 5), Kernel.gaussian(1, 0.5, 4), false),
                    12,
                    8);
            objective(
                    spec,
                    ObjectiveOps.Form.GRAM,
                    "similarity",
                    (t, b) -> new Teaching.Similarity(symmetric(t, b)),
                    12,
                    8);
        }
        for (Kernel kernel : KERNELS) {
            ObjectiveOps.Spec spec = new ObjectiveOps.Spec(Estimator.PHSIC, kernel, false, 2);
            add("objective.gradient", "ungrouped image codes " + kernel, 300, t -> {
                Tensor u = t.randomActivation(5, 4, 9, 9);
                t.then(t.device()
                        .objective()
                        .gradient(
                                t.output("du", t.activation(5, 4, 9, 9)),
                                t.output("value", t.wide(3)),
                                u,
                                CLASSES.of(t, 5),
                                spec,
                                ObjectiveOps.Form.AUTO,
                                null));
            });
            add("objective.gradient", "zero row and equal rows " + kernel, 12, t -> {
                Tensor u = t.edit(t.filled(t.single(6, 8), 0.5, 2), v -> {
                    Arrays.fill(v, 0, 8, 0);
                    System.arraycopy(v, 8, v, 16, 8);
                });
                t.then(t.device()
                        .objective()
                        .gradient(
                                t.output("du", t.single(6, 8)),
                                t.output("value", t.wide(3)),
                                u,
                                CLASSES.of(t, 6),
                                spec,
                                ObjectiveOps.Form.AUTO,
                                null));
            });
        }
        codesFarFromZero();
        add("objective.gradient", "a loss that is not finite is a fault", 1, t -> {
            Tensor u = t.edit(t.single(3, 4), v -> v[0] = Double.NaN);
            Clock clock = t.clock(6, 0, 0);
            t.output("fault", clock.fault());
            t.then(t.device()
                    .objective()
                    .gradient(
                            t.single(3, 4),
                            t.wide(3),
                            u,
                            CLASSES.of(t, 3),
                            usual,
                            ObjectiveOps.Form.GRAM,
                            new Meter(t.wide(2), 1, clock)));
        });
    }

    /** Codes that deviate from their mean by a thousandth, all by the same or each by its own; huge ones and denormal ones. */
    private void codesFarFromZero() {
        TeachingOf targets =
                (t, b) -> new Teaching.Targets(shifted(t.filled(t.single(b, 5), -1, 1), 1000, 1), Kernel.LINEAR, false);
        for (Estimator estimator : Estimator.values()) {
            for (Kernel kernel : KERNELS) {
                for (ObjectiveOps.Form form : forms(kernel)) {
                    for (boolean centred : new boolean[] {false, true}) {
                        ObjectiveOps.Spec spec = new ObjectiveOps.Spec(estimator, kernel, centred, 2);
                        codes(spec, form, "mean 1000", CLASSES, u -> shifted(u, 1000, 1));
                        codes(spec, form, "mean 1000 of one sign and the other", CLASSES, u -> shifted(u, 1000, -1));
                        codes(spec, form, "mean 1000, targets too", targets, u -> shifted(u, 1000, 1));
                    }
                    ObjectiveOps.Spec spec = new ObjectiveOps.Spec(estimator, kernel, false, 2);
                    double huge = kernel.kind() == Kernel.Kind.COSINE ? 0x1p66 : 0x1p30;
                    codes(spec, form, "huge codes", CLASSES, u -> scaled(u, huge));
                    codes(spec, form, "tiny codes", CLASSES, u -> scaled(u, 0x1p-70));
                    codes(spec, form, "denormal codes", CLASSES, u -> scaled(u, 0x1p-126));
                }
            }
        }
    }

    private void codes(
            ObjectiveOps.Spec spec,
            ObjectiveOps.Form form,
            String title,
            TeachingOf teaching,
            UnaryOperator<Tensor> change) {
        add("objective.gradient", title + ", " + spec + " " + form, 12, t -> {
            Tensor u = change.apply(t.filled(t.single(12, 8), -1, 1));
            t.then(t.device()
                    .objective()
                    .gradient(
                            t.output("du", t.single(12, 8), CODES),
                            t.output("value", t.wide(3), VALUES),
                            u,
                            teaching.of(t, 12),
                            spec,
                            form,
                            null));
        });
    }

    /** What rounding of 12 terms explains, also of numbers near the smallest; and values, which may be small differences. */
    private static final OperationCase.Bound CODES = Bounds.ofLargest(8 * 0x1p-23 * Math.sqrt(12), Float.MIN_VALUE);

    private static final OperationCase.Bound VALUES = Bounds.ofEach(1e-4, Double.MIN_NORMAL);

    /** Adds {@code mean} to even entries and {@code sign mean} to odd ones. */
    private static Tensor shifted(Tensor tensor, double mean, int sign) {
        double[] values = tensor.readDoubles();
        Arrays.setAll(values, i -> values[i] + (i % 2 == 0 ? mean : sign * mean));
        tensor.write(values);
        return tensor;
    }

    private static Tensor scaled(Tensor tensor, double factor) {
        double[] values = tensor.readDoubles();
        Arrays.setAll(values, i -> values[i] * factor);
        tensor.write(values);
        return tensor;
    }

    private static List<ObjectiveOps.Form> forms(Kernel kernel) {
        return kernel.kind() == Kernel.Kind.GAUSSIAN
                ? List.of(ObjectiveOps.Form.GRAM)
                : List.of(ObjectiveOps.Form.GRAM, ObjectiveOps.Form.GRAM_FREE);
    }

    private void objective(
            ObjectiveOps.Spec spec, ObjectiveOps.Form form, String title, TeachingOf teaching, int batch, int width) {
        add(
                "objective.gradient",
                title + " B=" + batch + " " + spec + " " + form,
                batch,
                t -> objective(t, spec, form, teaching, batch, width));
    }

    static void objective(
            Setup t, ObjectiveOps.Spec spec, ObjectiveOps.Form form, TeachingOf teaching, int batch, int width) {
        Tensor u = t.filled(t.single(batch, width), 0.5, 2);
        Clock clock = t.clock(6, 0, 0);
        Meter meter = new Meter(t.output("sums", t.wide(2)), 1, clock);
        t.output("fault", clock.fault());
        t.then(t.device()
                .objective()
                .gradient(
                        t.output("du", t.single(batch, width)),
                        t.output("value", t.wide(3)),
                        u,
                        teaching.of(t, batch),
                        spec,
                        form,
                        meter));
    }

    private void statistics() {
        ObjectiveOps.Spec spec = new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.COSINE, true, 2);
        for (boolean targets : new boolean[] {false, true}) {
            String title = targets ? "targets" : "classes";
            add("objective.codeStatistics", title, 12, t -> {
                ObjectiveOps.Statistics s = statisticsOf(t, 6, 5);
                t.output("count", s.count());
                t.output("t", s.codeSum());
                t.output("products", s.codeProducts());
                t.output("teaching products", s.teachingProducts());
                t.output("teaching sum", s.teachingSum());
                t.then(t.device()
                        .objective()
                        .codeStatistics(s, t.filled(t.single(12, 6), 0.5, 2), teaching(t, targets), spec));
            });
            add("objective.gradientFromStatistics", title, 12, t -> {
                ObjectiveOps.Statistics s = statisticsOf(t, 6, 5);
                Tensor u = t.filled(t.single(12, 6), 0.5, 2);
                Teaching teaching = teaching(t, targets);
                t.then(t.device().objective().codeStatistics(s, u, teaching, spec));
                t.then(t.device()
                        .objective()
                        .gradientFromStatistics(
                                t.output("du", t.single(12, 6)),
                                t.output("value", t.wide(3)),
                                u,
                                teaching,
                                s,
                                spec,
                                null));
            });
        }
    }

    private static ObjectiveOps.Statistics statisticsOf(Setup t, int g, int m) {
        return new ObjectiveOps.Statistics(t.wide(1), t.wide(g), t.wide(g, g), t.wide(m, g), t.wide(m), t.wide(m, m));
    }

    private static Teaching teaching(Setup t, boolean targets) {
        return targets
                ? new Teaching.Targets(t.randomSingle(12, 5), Kernel.COSINE, true)
                : new Teaching.Classes(t.labels(12, 5), 5, Kernel.COSINE, true);
    }

    private void optimizer() {
        add("optimizer.round", "weights for products", 1, t -> {
            Tensor weights = t.edit(t.randomSingle(70, 300), v -> v[5] = 1 + 1.0 / 256);
            Tensor rounded = t.rounded("rounded", 70, 300);
            if (rounded != null) {
                t.then(t.device().optimizer().round(rounded, weights));
            }
        });
        for (boolean inPlace : new boolean[] {true, false}) {
            add("optimizer.sign", inPlace ? "of a gradient, in place" : "of weights, for products", 1, t -> {
                Tensor values = t.edit(t.randomSingle(70, 301), v -> {
                    v[3] = 0;
                    v[4] = -1e-30;
                });
                Tensor signs = t.output("signs", inPlace ? values : t.activation(70, 301));
                t.then(t.device().optimizer().sign(signs, values));
            });
        }
        for (boolean fault : new boolean[] {false, true}) {
            String after = fault ? " after a fault" : "";
            add("optimizer.average", "three steps" + after, 3, t -> average(t, fault));
            for (boolean inPlace : new boolean[] {false, true}) {
                String where = inPlace ? "in place" : "of two others, of another shape";
                add("optimizer.combine", where + after, 2, t -> {
                    Clock clock = t.clock(4, 0, 0);
                    clock.fault().write(new long[] {fault ? 3 : 0, 0});
                    Tensor x = t.randomSingle(70, 1, 1001);
                    Tensor out = t.output("out", inPlace ? x : t.randomSingle(70, 1001));
                    t.then(t.device().optimizer().combine(out, 3, x, -0.5, t.randomSingle(70, 1001), clock));
                });
            }
        }
        add("optimizer.combine", "whatever happens", 2, t -> {
            Tensor out = t.output("out", t.single(5, 3));
            t.then(t.device().optimizer().combine(out, 0.5, t.randomSingle(5, 3), 0.5, t.randomSingle(5, 3), null));
        });
        for (int[] shape : new int[][] {{1}, {5, 3}, {130, 129, 3, 3}}) {
            add("optimizer.normalize", Shape.of(shape).toString(), 2, t -> {
                Tensor x = t.output("x", t.randomSingle(shape));
                t.then(t.device().optimizer().normalize(x, x, 1e-7));
            });
        }
        add("optimizer.normalize", "zeros", 1, t -> {
            Tensor out = t.output("out", t.randomSingle(4, 3));
            t.then(t.device().optimizer().normalize(out, t.single(4, 3), 1e-7));
        });
        List<OptimizerOps.Spec> specs = List.of(
                new OptimizerOps.Sgd(0.95, 1e-3),
                new OptimizerOps.Sgd(0, 1e-3),
                new OptimizerOps.Adam(0.9, 0.999, 1e-8, 1e-2, false),
                new OptimizerOps.Adam(0.9, 0.999, 1e-8, 1e-2, true));
        for (OptimizerOps.Spec spec : specs) {
            for (boolean fault : new boolean[] {false, true}) {
                add("optimizer.step", spec + (fault ? " after a fault" : ""), 3, t -> {
                    Clock clock = t.clock(4, 0, 0);
                    clock.fault().write(new long[] {fault ? 3 : 0, 0});
                    List<int[]> shapes =
                            List.of(new int[] {3}, new int[] {5, 17}, new int[] {70000}, new int[] {2, 3, 3, 3});
                    Operation step = optimizerStep(t, spec, shapes, i -> i % 2 == 1, -1, clock);
                    t.then(step);
                    // the second step has a rate of its own, the third that of the second
                    for (int later = 0; later < 2; later++) {
                        t.then(t.device().random().advance(clock, 8));
                        t.then(step);
                    }
                });
            }
        }
    }

    /** Three steps of a run, or none of them. */
    private static void average(Setup t, boolean fault) {
        Clock clock = t.clock(0, 0, 0);
        clock.fault().write(new long[] {fault ? 3 : 0, 0});
        List<int[]> shapes = List.of(new int[] {3}, new int[] {5, 17}, new int[] {70000}, new int[] {2, 3, 3, 3});
        List<Tensor> averages = new ArrayList<>();
        for (int i = 0; i < shapes.size(); i++) {
            averages.add(t.output("average" + i, t.randomSingle(shapes.get(i))));
        }
        for (int step = 0; step < 3; step++) {
            List<OptimizerOps.Averaged> arrays = new ArrayList<>();
            for (int i = 0; i < shapes.size(); i++) {
                arrays.add(new OptimizerOps.Averaged(averages.get(i), t.randomSingle(shapes.get(i))));
            }
            t.then(t.device().optimizer().average(arrays, 0.75, clock));
            t.then(t.device().random().advance(clock, 8));
        }
    }

    /** Of some weights there are rounded copies; gradients are random numbers from {@code least} to 1. */
    static Operation optimizerStep(
            Setup t, OptimizerOps.Spec spec, List<int[]> shapes, IntPredicate hasCopy, double least, Clock clock) {
        Tensor rate = t.wide(1);
        rate.write(new double[] {0.1});
        List<OptimizerOps.Slot> slots = new ArrayList<>();
        for (int[] shape : shapes) {
            int i = slots.size();
            Tensor w = t.output("w" + i, t.randomSingle(shape));
            Tensor first = spec.states() > 0 ? t.output("first" + i, t.randomSingle(shape)) : null;
            Tensor second = spec.states() > 1 ? t.filled(t.single(shape), 0.25, 1) : null;
            Tensor rounded = hasCopy.test(i) ? t.rounded("rounded" + i, shape) : null;
            Tensor gradient = t.filled(t.single(shape), least, 1);
            slots.add(new OptimizerOps.Slot(w, gradient, first, second, rounded));
        }
        return t.device().optimizer().step(spec, slots, rate, clock);
    }

    private void readout() {
        for (int[] s : new int[][] {{1, 2}, {7, 10}, {33, 100}}) {
            for (boolean gradient : new boolean[] {true, false}) {
                add("readout.crossEntropy", "B=" + s[0] + " M=" + s[1] + (gradient ? "" : ", loss alone"), s[1], t -> {
                    Tensor logits = t.edit(t.filled(t.single(s), -4, 4), v -> v[0] = v[1]);
                    Tensor dy = gradient ? t.output("dy", t.activation(s)) : null;
                    Meter meter =
                            new Meter(t.output("sums", t.wide(3)), 1, gradient ? 2 : Meter.NOWHERE, t.clock(0, 0, 0));
                    t.then(t.device().readout().crossEntropy(dy, logits, t.labels(s[0], s[1]), meter));
                });
            }
        }
        for (int[] s : new int[][] {{1, 2}, {7, 10}, {33, 100}}) {
            for (double smoothing : new double[] {0, 0.1}) {
                for (boolean shared : new boolean[] {false, true}) {
                    if (shared || smoothing > 0) {
                        softCrossEntropy(s, smoothing, shared, false);
                    }
                    softCrossEntropy(s, smoothing, shared, true);
                }
            }
        }
        for (int count : new int[] {1, 64, 1003}) {
            add("readout.add", "of " + count, 1, t -> {
                Tensor y = t.output("y", t.randomActivation(count));
                t.then(t.device().readout().add(y, t.randomActivation(count)));
            });
        }
        add("readout.crossEntropy", "an infinite logit is a fault", 1, t -> {
            Tensor logits = t.edit(t.single(2, 3), v -> v[0] = Double.NaN);
            Clock clock = t.clock(8, 0, 0);
            t.output("fault", clock.fault());
            t.then(t.device().readout().crossEntropy(null, logits, t.integers(0, 1), new Meter(t.wide(2), 0, clock)));
        });
    }

    private void softCrossEntropy(int[] s, double smoothing, boolean shared, boolean weighted) {
        String what = " smoothed by " + smoothing + (shared ? ", shares" : "") + (weighted ? ", weighted" : "");
        add("readout.crossEntropy", "B=" + s[0] + " M=" + s[1] + what, s[1], t -> {
            Tensor logits = t.filled(t.single(s), -4, 4);
            Meter meter = new Meter(t.output("sums", t.wide(3)), 1, 2, t.clock(0, 0, 0));
            Tensor wanted = t.labels(s[0], s[1]);
            if (shared) {
                Tensor shares = t.single(s);
                t.then(t.device().batch().mixLabels(shares, wanted, parts(t), t.clock(0, 0, 0)));
                wanted = shares;
            }
            Tensor dy = t.output("dy", t.activation(s));
            Tensor weights = weighted ? t.filled(t.single(s[1]), 0.25, 4) : null;
            t.then(t.device().readout().crossEntropy(dy, logits, wanted, smoothing, weights, meter));
        });
    }

    /** Of three steps. */
    private static Tensor parts(Setup t) {
        Tensor parts = t.wide(3);
        parts.write(new double[] {0.25, 0.5, 0.875});
        return parts;
    }

    private void mixing() {
        for (int[] s : new int[][] {{1, 3}, {2, 1}, {5, 784}, {64, 3, 32, 32}}) {
            for (long step : new long[] {0, 2, 7}) {
                add("batch.mix", Shape.of(s) + ", step " + step, 2, t -> {
                    Clock clock = t.clock(9, 1, 0);
                    clock.now().write(new long[] {9, 1, 0, step});
                    t.then(t.device().batch().mix(t.output("x", t.randomActivation(s)), parts(t), clock));
                });
            }
        }
        for (int[] s : new int[][] {{1, 2}, {7, 10}, {130, 100}}) {
            add("batch.mixLabels", "B=" + s[0] + " M=" + s[1], 1, t -> {
                Tensor shares = t.output("shares", t.single(s));
                t.then(t.device().batch().mixLabels(shares, t.labels(s[0], s[1]), parts(t), t.clock(0, 0, 0)));
            });
        }
    }

    private void pooling() {
        for (int[] s : new int[][] {
            {2, 3, 6, 5, 3, 2}, {1, 70, 5, 7, 2, 3}, {3, 8, 4, 4, 4, 4}, {2, 5, 3, 3, 1, 1}, {40, 16, 12, 12, 4, 2}
        }) {
            int window = ((s[2] + s[4] - 1) / s[4] + 1) * ((s[3] + s[5] - 1) / s[5] + 1);
            String sizes = "B=" + s[0] + " C=" + s[1] + " " + s[2] + "x" + s[3] + " to " + s[4] + "x" + s[5];
            add(
                    "readout.averagePool",
                    sizes,
                    window,
                    t -> t.then(t.device()
                            .readout()
                            .averagePool(
                                    t.output("y", t.activation(s[0], s[1], s[4], s[5])),
                                    t.randomActivation(s[0], s[1], s[2], s[3]))));
            add(
                    "readout.averagePoolGradient",
                    sizes,
                    4,
                    t -> t.then(t.device()
                            .readout()
                            .averagePoolGradient(
                                    t.output("dx", t.activation(s[0], s[1], s[2], s[3])),
                                    t.randomActivation(s[0], s[1], s[4], s[5]))));
        }
    }

    private void augmentation() {
        for (int padding : new int[] {0, 2}) {
            for (BatchOps.Mirror flip : BatchOps.Mirror.values()) {
                for (boolean ordered : new boolean[] {false, true}) {
                    add(
                            "batch.images",
                            "padding " + padding + ", mirrored " + flip + (ordered ? ", ordered" : ""),
                            1,
                            t -> {
                                BatchOps.Spec spec = new BatchOps.Spec(
                                        padding, flip, List.of(0.4, 0.5, 0.6), List.of(0.2, 0.25, 0.3), 99);
                                Tensor order =
                                        ordered ? t.integers(4, 0, 3, 6, 2 + 7, 2 + 2 * 7, 5) : null; // views of 2
                                augmentation(t, spec, 7, order, t.clock(10, 2, 3), 3, 3, 6, 5);
                            });
                    add(
                            "batch.images",
                            "of floats, padding " + padding + ", mirrored " + flip + (ordered ? ", ordered" : ""),
                            1,
                            t -> {
                                BatchOps.Spec spec = new BatchOps.Spec(
                                        padding, flip, List.of(-0.4, 0.5, 6.0), List.of(0.2, 2.5, 30.0), 99);
                                Tensor order = ordered ? t.integers(4, 0, 3, 6, 2 + 7, 2 + 2 * 7, 5) : null;
                                Tensor pixels = t.randomSingle(7, 3, 6, 5);
                                augmentation(t, spec, pixels, order, t.clock(10, 2, 3), 3, 3, 6, 5);
                            });
                }
            }
        }
        for (int channels : new int[] {1, 17, 64, 1200}) { // the last on all threads
            add("batch.images", channels + " channels", 1, t -> {
                List<Double> means = IntStream.range(0, channels)
                        .mapToObj(c -> 0.3 + 0.1 * (c % 5))
                        .toList();
                List<Double> deviations = IntStream.range(0, channels)
                        .mapToObj(c -> 0.2 + 0.05 * (c % 3))
                        .toList();
                BatchOps.Spec spec = new BatchOps.Spec(1, BatchOps.Mirror.RANDOM, means, deviations, 99);
                augmentation(t, spec, 5, null, t.clock(10, 2, 1), 3, channels, 4, 5);
            });
            add("batch.images", channels + " features", 1, t -> {
                List<Double> means = IntStream.range(0, channels)
                        .mapToObj(c -> 0.1 * (c % 7))
                        .toList();
                List<Double> deviations = IntStream.range(0, channels)
                        .mapToObj(c -> 0.5 * (1 + c % 3))
                        .toList();
                BatchOps.Spec spec = new BatchOps.Spec(0, BatchOps.Mirror.NEVER, means, deviations, 99);
                augmentation(t, spec, t.randomSingle(60, channels, 1, 1), null, t.clock(10, 2, 1), 55, channels, 1, 1);
            });
        }
    }

    private void rows() {
        for (boolean ordered : new boolean[] {false, true}) {
            for (int width : new int[] {1, 5, 40}) {
                add("batch.rows", width + " of 40" + (ordered ? ", ordered" : ""), 1, t -> {
                    Tensor order = ordered ? t.integers(4, 0, 3, 6, 2 + 7, 1 + 2 * 7, 5) : null; // of views
                    Tensor out = t.output("out", t.single(3, width));
                    t.then(t.device().batch().rows(out, t.randomSingle(7, 40), order, t.clock(10, 2, 3)));
                });
            }
        }
    }

    /** A batch of these extents out of some images of bytes. */
    static void augmentation(
            Setup t, BatchOps.Spec spec, int images, @Nullable Tensor order, Clock clock, int... extents) {
        Tensor pixels = t.bytes(images, extents[1], extents[2], extents[3]);
        augmentation(t, spec, pixels, order, clock, extents);
    }

    private static void augmentation(
            Setup t, BatchOps.Spec spec, Tensor pixels, @Nullable Tensor order, Clock clock, int... extents) {
        Tensor x = t.output("x", t.activation(extents));
        Tensor labels = t.output("labels", t.integers(new int[extents[0]]));
        Tensor all = t.labels(pixels.shape().extent(0), 10);
        t.then(t.device().batch().images(x, labels, pixels, all, order, spec, clock));
    }

    private void random() {
        for (int[] shape : new int[][] {{1}, {5, 3}, {7, 3, 3, 3}, {33, 16}}) {
            add(
                    "random.uniform",
                    Shape.of(shape).toString(),
                    1,
                    t -> t.then(
                            t.device().random().uniform(t.output("w", t.single(shape)), 0.25, 0xFEDCBA9876543210L, 3)));
        }
        add("random.advance", "step and position", 1, t -> {
            Clock clock = t.clock(7, 2, 64);
            t.output("now", clock.now());
            t.then(t.device().random().advance(clock, 32));
        });
    }
}
