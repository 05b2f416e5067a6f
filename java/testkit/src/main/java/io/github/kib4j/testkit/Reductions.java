package io.github.kib4j.testkit;

import io.github.kib4j.op.Activation;
import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.BatchNormOps;
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
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.IntFunction;

/**
 * Everything that is summed, at the size that training sums it at, of numbers that are hard to sum: where a running sum in single
 * precision goes wrong, but few of them do not show it.
 */
final class Reductions {
    private final List<OperationCase> cases = new ArrayList<>();

    private Reductions() {}

    /** Returns all cases. */
    static List<OperationCase> all() {
        Reductions list = new Reductions();
        list.batchNorm();
        list.groups();
        list.cells();
        list.weightGradients();
        list.products();
        list.readout();
        list.objective();
        list.optimizer();
        list.pairs();
        return list.cases;
    }

    private void add(String operation, String name, int terms, OperationCase.Body body) {
        cases.add(new OperationCase(operation, name, terms, body));
    }

    /** Numbers that are hard to sum; their deviation at most. */
    private enum Numbers {
        NORMAL(1),
        /** 5.1. */
        CONSTANT(0),
        /** ReLU of normal ones. */
        RECTIFIED(0.584),
        /** 10,000 and a tenth of normal ones. */
        FAR(0.1),
        /** 3.3, and 3.31 at one place of 4,096. */
        HARDLY_VARYING(3e-4),
        /** 1,000 first, then 0.1. */
        OUTLIER_FIRST(3);

        final double deviation;

        Numbers(double deviation) {
            this.deviation = deviation;
        }

        double number(int index, double normal) {
            return switch (this) {
                case NORMAL -> normal;
                case CONSTANT -> 5.1;
                case RECTIFIED -> Math.max(0, normal);
                case FAR -> 10_000 + 0.1 * normal;
                case HARDLY_VARYING -> index % 4096 == 77 ? 3.31 : 3.3;
                case OUTLIER_FIRST -> index == 0 ? 1000 : 0.1;
            };
        }

        static Numbers of(int i) {
            return values()[i % values().length];
        }
    }

    /** Normally distributed numbers, cheaply: drawn again and again from a few. */
    private static final class Normal {
        private static final int COUNT = 1 << 14;
        private final double[] numbers = new double[COUNT];
        private final Random random;

        Normal(Random random) {
            this.random = random;
            for (int i = 0; i < COUNT; i++) {
                numbers[i] = random.nextGaussian();
            }
        }

        double next() {
            return numbers[random.nextInt(COUNT)];
        }
    }

    /** Returns {@code [B, C, ...]} whose channel {@code c} has numbers of {@code kind(c)}. */
    private static Tensor channels(Setup t, IntFunction<Numbers> kind, int... extents) {
        int channels = extents[1];
        int positions = Shape.of(extents).rowSize() / channels;
        Normal normal = new Normal(t.random());
        return t.activationOf(
                i -> {
                    int inChannel = i / positions / channels * positions + i % positions;
                    return kind.apply(i / positions % channels).number(inChannel, normal.next());
                },
                extents);
    }

    private void batchNorm() {
        for (int[] extents : new int[][] {{128, 18, 32, 32}, {2048, 6}}) {
            int channels = extents[1];
            int positions = extents.length == 4 ? extents[2] * extents[3] : 1;
            String sizes = Shape.of(extents).toString();
            add("batchNorm.forward", "hard numbers " + sizes, 1, t -> {
                BatchNormOps.Parameters parameters = parameters(t, channels);
                // a millionth of the deviation; the rest is double's share of 10,000
                BatchNormOps.Saved saved = new BatchNormOps.Saved(
                        t.output("mean", t.wide(channels), expected -> deviations(channels, 1e-6, 1e-11)),
                        t.output("variance", t.wide(channels), Bounds.ofEach(1e-6, 1e-20)));
                t.output("running mean", parameters.runningMean(), Bounds.ofEach(0x1p-23, 1e-7));
                t.output("running variance", parameters.runningVariance(), Bounds.ofEach(0x1p-22, 1e-7));
                t.then(t.device()
                        .batchNorm()
                        .forward(
                                t.output(
                                        "y",
                                        t.activation(extents),
                                        Bounds.ofRuns(channels, positions, 2 * t.epsilon(), 4 * 0x1p-23)),
                                saved,
                                channels(t, Numbers::of, extents),
                                parameters));
            });
            add("batchNorm.gradient", "hard numbers " + sizes, 1, t -> {
                BatchNormOps.Parameters parameters = parameters(t, channels);
                BatchNormOps.Saved saved = new BatchNormOps.Saved(t.wide(channels), t.wide(channels));
                Tensor a = channels(t, Numbers::of, extents);
                t.then(t.device().batchNorm().forward(t.activation(extents), saved, a, parameters));
                Tensor dy = channels(t, c -> Numbers.of(c / Numbers.values().length), extents);
                t.then(t.device()
                        .batchNorm()
                        .gradient(
                                t.output("da", dy, Bounds.ofRuns(channels, positions, 2 * t.epsilon(), 1e-9)),
                                t.output("dscale", t.single(channels), Bounds.ofEach(0x1p-23, 1e-6)),
                                t.output("dshift", t.single(channels), Bounds.ofEach(0x1p-23, 1e-6)),
                                dy,
                                a,
                                parameters,
                                saved));
            });
        }
    }

    private static double[] deviations(int channels, double relative, double floor) {
        double[] tolerances = new double[channels];
        for (int c = 0; c < channels; c++) {
            tolerances[c] = relative * Numbers.of(c).deviation + floor;
        }
        return tolerances;
    }

    private static BatchNormOps.Parameters parameters(Setup t, int channels) {
        return new BatchNormOps.Parameters(
                t.filled(t.single(channels), 0.5, 1.5),
                t.randomSingle(channels),
                t.randomSingle(channels),
                t.filled(t.single(channels), 0.5, 1.5));
    }

    /** Groups of 8,192 activities: 8 channels of 32 x 32. */
    private void groups() {
        int count = Numbers.values().length;
        int size = 8 * 32 * 32;
        int[] shape = {2, 8 * count, 32, 32};
        for (Grouping grouping : List.of(
                new Grouping(count, 0.8, 1, 0.2), new Grouping(count, 0.5, 0, 0.5), new Grouping(count, 0.5, 1, 0))) {
            ActivityOps.Spec spec =
                    new ActivityOps.Spec(Activation.IDENTITY, Pooling.NONE, grouping, Dropout.NONE, 0, 1);
            String title = "hard numbers " + Shape.of(shape) + " " + grouping;
            add("activity.forward", title, 1, t -> {
                ActivityOps.Buffers buffers = buffers(t, shape, count);
                t.output("post", buffers.post(), Bounds.ofRuns(count, size, 2 * t.epsilon(), 1e-12));
                t.output(
                        "mean", Objects.requireNonNull(buffers.mean()), expected -> deviations(2 * count, 1e-6, 1e-11));
                t.output("scale", Objects.requireNonNull(buffers.scale()), Bounds.ofEach(0x1p-21, 0));
                t.output("code", Objects.requireNonNull(buffers.code()), Bounds.ofEach(0x1p-21, 0));
                t.then(t.device().activity().forward(buffers, groups(t, shape, 0), spec, null));
            });
            add("activity.hebbianGradient", title, 1, t -> {
                ActivityOps.Buffers buffers = buffers(t, shape, count);
                Tensor a = groups(t, shape, 0);
                t.output("da", a, Bounds.ofRuns(count, size, 4 * t.epsilon(), 1e-12));
                t.then(t.device().activity().forward(buffers, a, spec, null));
                t.then(t.device().activity().hebbianGradient(a, a, buffers, t.randomSingle(2, count), spec));
            });
            add("activity.outputGradient", title, 1, t -> {
                ActivityOps.Buffers buffers = buffers(t, shape, count);
                Tensor a = groups(t, shape, 0);
                t.output("da", a, Bounds.ofRuns(count, size, 4 * t.epsilon(), 1e-9));
                t.then(t.device().activity().forward(buffers, a, spec, null));
                t.then(t.device().activity().outputGradient(a, a, buffers, groups(t, shape, 1), spec, null));
            });
        }
        add("activity.forward", "average of large numbers", 4, t -> {
            ActivityOps.Spec spec =
                    new ActivityOps.Spec(Activation.LEAKY_RELU, Pooling.AVERAGE, null, Dropout.NONE, 0, 1);
            Tensor post = t.output("post", t.activation(4, 12, 16, 16), Bounds.ofRuns(12, 256, 2 * t.epsilon(), 0));
            ActivityOps.Buffers buffers = new ActivityOps.Buffers(post, t.mask(4, 12, 16, 16), null, null, null, post);
            Tensor a = channels(t, Numbers::of, 4, 12, 32, 32);
            t.then(t.device().activity().forward(buffers, a, spec, null));
        });
    }

    /** The same groups, whole and in four cells. */
    private void cells() {
        int count = Numbers.values().length;
        int[] shape = {2, 8 * count, 32, 32};
        Cells cells = new Cells(count, 0.8, 1, List.of(1, 2));
        int entries = 2 * cells.width();
        add("cells.codes", "hard numbers " + Shape.of(shape), 1, t -> {
            Tensor u = t.output("u", t.single(2, cells.width()), Bounds.ofEach(0x1p-21, 0));
            Tensor mean = t.output("mean", t.wide(2, cells.width()), expected -> deviations(entries, 1e-6, 1e-11));
            Tensor scale = t.output("scale", t.single(2, cells.width()), Bounds.ofEach(0x1p-21, 0));
            t.then(t.device().cells().codes(u, mean, scale, groups(t, shape, 0), cells));
        });
        add("cells.gradient", "hard numbers " + Shape.of(shape), 1, t -> {
            Tensor z = groups(t, shape, 0);
            Tensor mean = t.wide(2, cells.width());
            Tensor scale = t.single(2, cells.width());
            Tensor dz = t.output("dz", t.activation(shape), Bounds.ofRuns(count, 8 * 32 * 32, 4 * t.epsilon(), 1e-12));
            t.then(t.device().cells().codes(t.single(2, cells.width()), mean, scale, z, cells));
            t.then(t.device().cells().gradient(dz, z, mean, scale, t.randomSingle(2, cells.width()), cells));
        });
    }

    private static ActivityOps.Buffers buffers(Setup t, int[] shape, int groups) {
        Tensor post = t.activation(shape);
        return new ActivityOps.Buffers(
                post,
                t.mask(shape),
                t.wide(shape[0], groups),
                t.single(shape[0], groups),
                t.single(shape[0], groups),
                post);
    }

    private static Tensor groups(Setup t, int[] shape, int shift) {
        return channels(t, c -> Numbers.of(c / 8 + shift), shape);
    }

    /**
     * Biases' gradients are exact but for their last rounding. Weights' are oneDNN's, whose running sums are short enough for errors
     * of 8e-6 (convolution; one running float would be off by 1e-3 where terms are alike).
     */
    private void weightGradients() {
        add("linear.weightGradient", "hard numbers, B=8192", 8192, t -> {
            Tensor dy = channels(t, Numbers::of, 8192, 12);
            Tensor x = channels(t, c -> c < 6 ? Numbers.NORMAL : Numbers.RECTIFIED, 8192, 12);
            Tensor dw = t.output("dw", t.single(12, 12), Bounds.ofRuns(12, 12, 4e-6, 0));
            Tensor dbias = t.output("dbias", t.single(12), Bounds.ofEach(0x1p-23, 1e-6));
            t.then(t.device().product().weightGradient(dw, dbias, dy, x, Geometry.LINEAR));
        });
        add("convolution.weightGradient", "hard numbers, B=128, 32 x 32", 1, t -> {
            Tensor dy = channels(t, Numbers::of, 128, 6, 32, 32);
            Tensor x = channels(t, c -> c == 0 ? Numbers.NORMAL : Numbers.RECTIFIED, 128, 2, 32, 32);
            Tensor dw = t.output("dw", t.single(6, 2, 3, 3), Bounds.ofRuns(6, 18, 3e-5, 0));
            Tensor dbias = t.output("dbias", t.single(6), Bounds.ofEach(0x1p-23, 1e-6));
            t.then(t.device().product().weightGradient(dw, dbias, dy, x, new Geometry(3)));
        });
    }

    /** The longest sums of products: 3 x 3 x 512 inputs, and a flattened image. oneDNN's have errors of 8 roundings. */
    private void products() {
        add("convolution.forward", "rectified, C=512", 1, t -> {
            Tensor x = channels(t, c -> Numbers.RECTIFIED, 2, 512, 4, 4);
            Tensor y = t.output("y", t.activation(2, 8, 4, 4), Bounds.ofLargest(16 * t.epsilon(), 0));
            t.then(t.device().product().forward(y, x, t.randomSingle(8, 512, 3, 3), null, new Geometry(3)));
        });
        add("convolution.dataGradient", "rectified, N=512", 1, t -> {
            Tensor dy = channels(t, c -> Numbers.RECTIFIED, 2, 512, 4, 4);
            Tensor dx = t.output("dx", t.activation(2, 8, 4, 4), Bounds.ofLargest(16 * t.epsilon(), 0));
            t.then(t.device().product().dataGradient(dx, dy, t.randomSingle(512, 8, 3, 3), new Geometry(3)));
        });
        add("linear.forward", "rectified, D=8192", 1, t -> {
            Tensor x = channels(t, c -> Numbers.RECTIFIED, 16, 8192);
            Tensor y = t.output("y", t.single(16, 10), Bounds.ofLargest(16 * 0x1p-23, 0));
            t.then(t.device()
                    .product()
                    .forward(y, x, t.randomActivation(10, 8192), t.randomSingle(10), Geometry.LINEAR));
        });
    }

    private void readout() {
        for (int[] s : new int[][] {{8192, 10}, {2048, 1000}}) {
            add("readout.crossEntropy", "B=" + s[0] + " M=" + s[1], 1, t -> {
                Normal normal = new Normal(t.random());
                Tensor logits = t.singleOf(i -> 100 + 4 * normal.next(), s);
                Tensor dy = t.output("dy", t.activation(s), Bounds.ofEach(1.01 * t.epsilon(), 1e-20));
                Meter meter = new Meter(t.output("sums", t.wide(2), Bounds.ofEach(1e-12, 0)), 0, 1, t.clock(0, 0, 0));
                t.then(t.device().readout().crossEntropy(dy, logits, t.labels(s[0], s[1]), meter));
            });
        }
        add("readout.crossEntropy", "meters over 5,000 steps", 1, t -> {
            Normal normal = new Normal(t.random());
            Tensor logits = t.singleOf(i -> normal.next(), 8, 4);
            Meter meter = new Meter(t.output("sums", t.wide(2), Bounds.ofEach(1e-12, 0)), 0, 1, t.clock(0, 0, 0));
            meter.sums().write(new double[] {1e6, 1e6});
            Operation step = t.device().readout().crossEntropy(null, logits, t.labels(8, 4), meter);
            for (int i = 0; i < 5000; i++) {
                t.then(step);
            }
        });
    }

    /** Codes of 2,048 samples: positive, far from 0 and much alike, as groups' codes are. */
    private static Tensor codes(Setup t, int batch, int width) {
        Normal normal = new Normal(t.random());
        return t.singleOf(i -> 3 + 0.02 * (i % width) + 0.1 * normal.next(), batch, width);
    }

    private void objective() {
        int batch = 2048;
        int width = 32;
        for (Kernel kernel : List.of(Kernel.LINEAR, Kernel.COSINE)) {
            ObjectiveOps.Spec spec = new ObjectiveOps.Spec(Estimator.PHSIC, kernel, true, 2);
            add("objective.codeStatistics", "B=2048 " + kernel, 1, t -> {
                ObjectiveOps.Statistics s = statistics(t, width);
                t.output("count", s.count());
                t.output("t", s.codeSum(), Bounds.ofLargest(1e-12, 1e-9));
                t.output("products", s.codeProducts(), Bounds.ofLargest(1e-12, 0));
                t.output("teaching products", s.teachingProducts(), Bounds.ofLargest(1e-12, 0));
                t.output("teaching sum", s.teachingSum(), Bounds.ofLargest(1e-12, 0));
                t.then(t.device().objective().codeStatistics(s, codes(t, batch, width), classes(t, batch), spec));
            });
            add("objective.gradientFromStatistics", "B=2048 " + kernel, 1, t -> {
                ObjectiveOps.Statistics s = statistics(t, width);
                Tensor u = codes(t, batch, width);
                Teaching teaching = classes(t, batch);
                Tensor du = t.output("du", t.single(batch, width), Bounds.ofLargest(4 * 0x1p-23, 0));
                Tensor value = t.output("value", t.wide(3), Bounds.ofLargest(1e-9, 0));
                t.then(t.device().objective().codeStatistics(s, u, teaching, spec));
                t.then(t.device().objective().gradientFromStatistics(du, value, u, teaching, s, spec, null));
            });
        }
        for (Kernel kernel : List.of(Kernel.LINEAR, Kernel.COSINE, Kernel.gaussian(5))) {
            ObjectiveOps.Spec spec = new ObjectiveOps.Spec(Estimator.PHSIC, kernel, true, 2);
            add("objective.gradient", "B=1024 " + kernel, 1, t -> {
                Tensor u = codes(t, 1024, 16);
                Tensor du = t.output("du", t.single(1024, 16), Bounds.ofLargest(16 * 0x1p-23, 0));
                Tensor value = t.output("value", t.wide(3), Bounds.ofLargest(1e-6, 0));
                t.then(t.device()
                        .objective()
                        .gradient(du, value, u, classes(t, 1024), spec, ObjectiveOps.Form.GRAM, null));
            });
        }
        for (Estimator estimator : Estimator.values()) {
            for (Kernel kernel : List.of(Kernel.COSINE, Kernel.gaussian(5))) {
                add("gram.dependence", "B=1024 " + estimator + " " + kernel, 1, t -> {
                    Tensor value = t.output("value", t.wide(1), Bounds.ofEach(1e-5, 0));
                    Tensor x = codes(t, 1024, 16);
                    double[] codes = x.readDoubles();
                    Tensor y = t.singleOf(i -> codes[i / 2 * 16 + i % 2], 1024, 2);
                    t.then(t.device().gram().dependence(value, x, kernel, y, kernel, estimator));
                });
            }
        }
    }

    private static ObjectiveOps.Statistics statistics(Setup t, int width) {
        return new ObjectiveOps.Statistics(
                t.wide(1), t.wide(width), t.wide(width, width), t.wide(10, width), t.wide(10), null);
    }

    private static Teaching classes(Setup t, int batch) {
        return new Teaching.Classes(t.labels(batch, 10), 10, Kernel.COSINE, true);
    }

    /**
     * Moments over thousands of steps of gradients that stay the same. A moment in single precision comes as near to its limit as half
     * a unit in the last place times the steps that it remembers, a weight loses half a unit in each step; more than that is lost
     * where decays are rounded (1.3e-5 of the squares for 0.999).
     */
    private void optimizer() {
        int steps = 3000;
        for (OptimizerOps.Spec spec : List.of(
                new OptimizerOps.Sgd(0.99, 0),
                new OptimizerOps.Adam(0.9, 0.999, 1e-8, 0, false),
                new OptimizerOps.Adam(0.9, 0.999, 1e-8, 1e-2, true))) {
            add("optimizer.step", "3,000 steps " + spec, 1, t -> {
                Clock clock = t.clock(0, 0, 0);
                Tensor rate = t.wide(1);
                rate.write(new double[] {1e-4});
                int[] shape = {37};
                Tensor w = t.output("w", t.filled(t.single(shape), 1, 2), Bounds.ofLargest(steps * 0x1p-24, 0));
                Tensor g = t.filled(t.single(shape), 0.1, 1);
                boolean adam = spec.states() == 2;
                Tensor first =
                        t.output("first", t.single(shape), Bounds.ofEach(adam ? 10 * 0x1p-24 : 100 * 0x1p-24, 0));
                Tensor second = adam ? t.output("second", t.single(shape), Bounds.ofEach(2e-6, 0)) : null;
                Operation step = t.device()
                        .optimizer()
                        .step(spec, List.of(new OptimizerOps.Slot(w, g, first, second, null)), rate, clock);
                Operation advance = t.device().random().advance(clock, 8);
                for (int i = 0; i < steps; i++) {
                    t.then(step);
                    t.then(advance);
                }
            });
        }
    }

    /** Samples that are alike beside the kernels' widths, so that all that is summed is near 1; their pulls cancel. */
    private void pairs() {
        int n = 700;
        List<Kernel> kernels = List.of(Kernel.gaussian(3), Kernel.laplace(3), Kernel.inverseMultiquadric(3));
        for (Numbers kind : List.of(Numbers.NORMAL, Numbers.FAR, Numbers.HARDLY_VARYING)) {
            for (Kernel kernel : kernels) {
                OperationCase.Bound bound = Bounds.ofLargest(1e-6, 0);
                add(
                        "gram.sums",
                        kernel + " of many samples, " + kind,
                        n,
                        t -> t.then(t.device()
                                .gram()
                                .sums(
                                        t.output("products", t.wide(3), bound),
                                        t.output("rows", t.wide(2, n), bound),
                                        t.output("diagonals", t.wide(2, n), bound),
                                        List.of(samples(t, kind, kernel, n), samples(t, Numbers.NORMAL, kernel, n)))));
            }
        }
        add(
                "gram.forms",
                "of many samples",
                n,
                t -> t.then(t.device()
                        .gram()
                        .forms(
                                t.output("values", t.wide(2), Bounds.ofLargest(1e-6, 0)),
                                List.of(samples(t, Numbers.FAR, kernels.get(0), n)),
                                t.filled(t.wide(1, n), 0, 0.1),
                                t.filled(t.single(n, 2), 0, 1),
                                true)));
    }

    private static GramOps.Samples samples(Setup t, Numbers kind, Kernel kernel, int n) {
        Normal normal = new Normal(t.random());
        return new GramOps.Samples(t.singleOf(i -> kind.number(i, normal.next()), n, 3), kernel);
    }
}
