package io.github.kib4j.reference;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.op.Activation;
import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Philox;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Equalities that hold exactly, and derivatives by finite differences. */
final class EqualitiesTest {
    private static final long SEED = Long.getLong("kib4j.seed", 20);
    private static final int B = 7;
    private static final int G = 4;
    private static final int N = 24;

    private final Device device = new ReferenceDevice();
    private final Scope scope = device.newScope();
    private final Random random = new Random(SEED);

    @AfterEach
    void close() {
        scope.close();
        device.close();
    }

    private Tensor random(int... extents) {
        Tensor tensor = scope.allocate(DataType.F64, Shape.of(extents));
        tensor.write(random.doubles(tensor.shape().size(), -1, 1).toArray());
        return tensor;
    }

    private Tensor empty(int... extents) {
        return scope.allocate(DataType.F64, Shape.of(extents));
    }

    private Tensor labels(int batch, int classes) {
        Tensor labels = scope.allocate(DataType.I32, Shape.of(batch));
        labels.write(random.ints(batch, 0, classes).toArray());
        return labels;
    }

    private static void near(double[] actual, double[] expected, double tolerance) {
        double scale = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i])
                    .as("[" + i + "], seed " + SEED)
                    .isCloseTo(expected[i], org.assertj.core.data.Offset.offset(tolerance * scale + 1e-16));
        }
    }

    /** {@code dW[k,m] = sum_b (2p/n) du[b,g(k)] r[b,k] f'(a[b,k]) x[b,m]} with what was dropped of x under the same mask. */
    @Test
    void threeFactorsAreTheGradientWherePAndQAddUpToOne() {
        Grouping grouping = new Grouping(G, 0.8, 1, 0.2);
        int d = 16;
        Tensor before = random(B, d);
        ActivityOps.Spec earlier =
                new ActivityOps.Spec(Activation.IDENTITY, Pooling.NONE, null, new Dropout(0.5, false), 0, SEED);
        Clock clock = Clock.allocate(scope);
        Tensor x = empty(B, d);
        device.activity()
                .forward(
                        new ActivityOps.Buffers(
                                empty(B, d), scope.allocate(DataType.U8, Shape.of(B, d)), null, null, null, x),
                        before,
                        earlier,
                        clock)
                .run();
        assertThat(Arrays.stream(x.readDoubles()).filter(v -> v == 0).count()).isBetween(20L, 95L);
        Tensor w = random(N, d);
        Tensor a = empty(B, N);
        device.linear().forward(a, x, w, null).run();
        ActivityOps.Spec spec = new ActivityOps.Spec(Activation.SELU, Pooling.NONE, grouping, Dropout.NONE, 1, SEED);
        ActivityOps.Buffers buffers = grouped(spec);
        device.activity().forward(buffers, a, spec, null).run();
        Tensor du = random(B, G);
        Tensor da = empty(B, N);
        device.activity().hebbianGradient(da, a, buffers, du, spec).run();
        Tensor dw = empty(N, d);
        device.linear().weightGradient(dw, null, da, x).run();
        double[] byHand = new double[N * d];
        for (int b = 0; b < B; b++) {
            for (int k = 0; k < N; k++) {
                double pre = a.readDoubles()[b * N + k];
                double slope = Activation.SELU_LAMBDA * (pre > 0 ? 1 : Activation.SELU_ALPHA * Math.exp(pre));
                double third = 2 * 0.8 / (N / G) * du.readDoubles()[b * G + k / (N / G)];
                for (int m = 0; m < d; m++) {
                    byHand[k * d + m] +=
                            third * buffers.post().readDoubles()[b * N + k] * slope * x.readDoubles()[b * d + m];
                }
            }
        }
        near(dw.readDoubles(), byHand, 1e-13);
    }

    private ActivityOps.Buffers grouped(ActivityOps.Spec spec) {
        Tensor post = empty(B, N);
        return new ActivityOps.Buffers(
                post, scope.allocate(DataType.U8, Shape.of(B, N)), empty(B, G), empty(B, G), empty(B, G), post);
    }

    @ParameterizedTest
    @EnumSource(Estimator.class)
    void gramAndGramFreeFormsAgree(Estimator estimator) {
        for (Kernel kernel : new Kernel[] {Kernel.COSINE, Kernel.LINEAR}) {
            Teaching teaching = new Teaching.Classes(labels(B, 3), 3, Kernel.COSINE, true);
            ObjectiveOps.Spec spec = new ObjectiveOps.Spec(estimator, kernel, true, 2);
            Tensor u = random(B, G);
            Result gram = gradient(u, teaching, spec, ObjectiveOps.Form.GRAM);
            Result free = gradient(u, teaching, spec, ObjectiveOps.Form.GRAM_FREE);
            near(free.du(), gram.du(), 1e-12);
            near(free.value(), gram.value(), 1e-12);
        }
    }

    private record Result(double[] du, double[] value) {}

    private Result gradient(Tensor u, Teaching teaching, ObjectiveOps.Spec spec, ObjectiveOps.Form form) {
        Tensor du = scope.allocate(DataType.F64, u.shape());
        Tensor value = empty(3);
        device.objective().gradient(du, value, u, teaching, spec, form, null).run();
        return new Result(du.readDoubles(), value.readDoubles());
    }

    @ParameterizedTest
    @EnumSource(Estimator.class)
    void statisticsOfTwoHalvesGiveTheWholeBatchsGradient(Estimator estimator) {
        int m = 3;
        ObjectiveOps.Spec spec = new ObjectiveOps.Spec(estimator, Kernel.COSINE, true, 2);
        Tensor u = random(8, G);
        Tensor labels = labels(8, m);
        Result whole = gradient(u, new Teaching.Classes(labels, m, Kernel.COSINE, true), spec, ObjectiveOps.Form.GRAM);
        ObjectiveOps.Statistics sum = statistics(m);
        Tensor[] codes = new Tensor[2];
        Teaching[] teachings = new Teaching[2];
        for (int half = 0; half < 2; half++) {
            codes[half] = empty(4, G);
            codes[half].write(Arrays.copyOfRange(u.readDoubles(), half * 4 * G, (half + 1) * 4 * G));
            Tensor own = scope.allocate(DataType.I32, Shape.of(4));
            own.write(Arrays.copyOfRange(labels.readInts(), half * 4, half * 4 + 4));
            teachings[half] = new Teaching.Classes(own, m, Kernel.COSINE, true);
            ObjectiveOps.Statistics part = statistics(m);
            device.objective()
                    .codeStatistics(part, codes[half], teachings[half], spec)
                    .run();
            addTo(sum.count(), part.count());
            addTo(sum.codeSum(), part.codeSum());
            addTo(sum.codeProducts(), part.codeProducts());
            addTo(sum.teachingProducts(), part.teachingProducts());
            addTo(sum.teachingSum(), part.teachingSum());
        }
        for (int half = 0; half < 2; half++) {
            Tensor du = empty(4, G);
            Tensor value = empty(3);
            device.objective()
                    .gradientFromStatistics(du, value, codes[half], teachings[half], sum, spec, null)
                    .run();
            near(du.readDoubles(), Arrays.copyOfRange(whole.du(), half * 4 * G, (half + 1) * 4 * G), 1e-12);
            near(value.readDoubles(), whole.value(), 1e-12);
        }
    }

    private ObjectiveOps.Statistics statistics(int m) {
        return new ObjectiveOps.Statistics(empty(1), empty(G), empty(G, G), empty(m, G), empty(m), null);
    }

    private static void addTo(Tensor sum, Tensor part) {
        double[] total = sum.readDoubles();
        double[] more = part.readDoubles();
        Arrays.setAll(total, i -> total[i] + more[i]);
        sum.write(total);
    }

    /** Every combination of estimator and kernel: the gradient with respect to codes. */
    @ParameterizedTest
    @EnumSource(Estimator.class)
    void objectiveGradientsAreDerivatives(Estimator estimator) {
        for (Kernel kernel : new Kernel[] {Kernel.COSINE, Kernel.LINEAR, Kernel.gaussian(1)}) {
            for (Teaching teaching : new Teaching[] {
                new Teaching.Classes(labels(B, 3), 3, Kernel.gaussian(1), false),
                new Teaching.Targets(random(B, 5), Kernel.COSINE, true)
            }) {
                ObjectiveOps.Spec spec = new ObjectiveOps.Spec(estimator, kernel, true, 1.5);
                Tensor u = random(B, G);
                double[] gradient =
                        gradient(u, teaching, spec, ObjectiveOps.Form.AUTO).du();
                near(
                        differences(
                                u,
                                t -> gradient(t, teaching, spec, ObjectiveOps.Form.AUTO)
                                        .value()[0]),
                        gradient,
                        1e-7);
            }
        }
    }

    /** The gradient of a weighted sum of what is sent, through dropout, divisive normalization, pooling and activation. */
    @ParameterizedTest
    @CsvSource({"NONE, 4, 4", "MAX, 4, 4", "AVERAGE, 4, 4", "MAX, 5, 7", "AVERAGE, 5, 7"})
    void outputGradientsAreDerivatives(Pooling pooling, int height, int width) {
        for (Activation activation : Activation.values()) {
            Grouping grouping = new Grouping(3, 0.5, 0.5, 0.3);
            ActivityOps.Spec spec =
                    new ActivityOps.Spec(activation, pooling, grouping, new Dropout(0.3, true), 2, SEED);
            Clock clock = Clock.allocate(scope);
            Tensor a = random(2, 6, height, width);
            Shape out = pooled(a, pooling);
            ActivityOps.Buffers buffers = new ActivityOps.Buffers(
                    scope.allocate(DataType.F64, out),
                    scope.allocate(DataType.U8, out),
                    empty(2, 3),
                    empty(2, 3),
                    empty(2, 3),
                    scope.allocate(DataType.F64, out));
            Tensor weights = random(2, 6, out.extent(2), out.extent(3));
            ToDoubleFunction<Tensor> loss = t -> {
                device.activity().forward(buffers, t, spec, clock).run();
                return dot(buffers.sent().readDoubles(), weights.readDoubles());
            };
            loss.applyAsDouble(a);
            Tensor da = random(2, 6, height, width);
            device.activity()
                    .outputGradient(da, a, buffers, weights, spec, clock)
                    .run();
            near(differences(a, loss), da.readDoubles(), 1e-6);
        }
    }

    private static Shape pooled(Tensor a, Pooling pooling) {
        int factor = pooling == Pooling.NONE ? 1 : 2;
        return Shape.of(2, 6, a.shape().extent(2) / factor, a.shape().extent(3) / factor);
    }

    /** {@code du/da} by the third factor's way: the gradient of a weighted sum of codes. */
    @ParameterizedTest
    @CsvSource({"NONE, 4, 4", "MAX, 4, 4", "AVERAGE, 4, 4", "MAX, 5, 7", "AVERAGE, 5, 7"})
    void hebbianGradientsAreDerivatives(Pooling pooling, int height, int width) {
        for (Activation activation : Activation.values()) {
            for (double q : new double[] {0, 0.2, 0.6}) {
                ActivityOps.Spec spec =
                        new ActivityOps.Spec(activation, pooling, new Grouping(3, 0.8, 0.5, q), Dropout.NONE, 0, 0);
                Tensor a = random(2, 6, height, width);
                Shape out = pooled(a, pooling);
                Tensor post = scope.allocate(DataType.F64, out);
                ActivityOps.Buffers buffers = new ActivityOps.Buffers(
                        post, scope.allocate(DataType.U8, out), empty(2, 3), empty(2, 3), empty(2, 3), post);
                Tensor du = random(2, 3);
                ToDoubleFunction<Tensor> loss = t -> {
                    device.activity().forward(buffers, t, spec, null).run();
                    return dot(buffers.code().readDoubles(), du.readDoubles());
                };
                loss.applyAsDouble(a);
                Tensor da = random(2, 6, height, width);
                device.activity().hebbianGradient(da, a, buffers, du, spec).run();
                near(differences(a, loss), da.readDoubles(), 1e-6);
            }
        }
    }

    /** Convolution and batch normalization: gradients of a weighted sum of the output. */
    @Test
    void gradientsOfLayersAreDerivatives() {
        Tensor x = random(3, 2, 4, 5);
        Tensor weight = random(6, 2, 3, 3);
        Tensor bias = random(6);
        Tensor y = empty(3, 6, 4, 5);
        Tensor normalized = empty(3, 6, 4, 5);
        Tensor upstream = random(3, 6, 4, 5);
        BatchNormOps.Parameters parameters = new BatchNormOps.Parameters(random(6), random(6), empty(6), empty(6));
        BatchNormOps.Saved saved = new BatchNormOps.Saved(empty(6), empty(6));
        ToDoubleFunction<Tensor> loss = changed -> {
            device.convolution().forward(y, x, weight, bias).run();
            device.batchNorm().forward(normalized, saved, y, parameters).run();
            return dot(normalized.readDoubles(), upstream.readDoubles());
        };
        loss.applyAsDouble(x);
        Tensor dy = empty(3, 6, 4, 5);
        Tensor dscale = empty(6);
        Tensor dshift = empty(6);
        device.batchNorm()
                .gradient(dy, dscale, dshift, upstream, y, parameters, saved)
                .run();
        Tensor dweight = empty(6, 2, 3, 3);
        Tensor dx = empty(3, 2, 4, 5);
        device.convolution().weightGradient(dweight, null, dy, x).run();
        device.convolution().dataGradient(dx, dy, weight).run();
        near(differences(x, loss), dx.readDoubles(), 1e-6);
        near(differences(weight, loss), dweight.readDoubles(), 1e-6);
        near(differences(parameters.scale(), loss), dscale.readDoubles(), 1e-6);
        near(differences(parameters.shift(), loss), dshift.readDoubles(), 1e-6);
    }

    /** A linear layer with bias: gradients of a weighted sum of the output. */
    @Test
    void gradientsOfLinearLayersAreDerivatives() {
        Tensor x = random(5, 7);
        Tensor w = random(3, 7);
        Tensor bias = random(3);
        Tensor y = empty(5, 3);
        Tensor dy = random(5, 3);
        ToDoubleFunction<Tensor> loss = changed -> {
            device.linear().forward(y, x, w, bias).run();
            return dot(y.readDoubles(), dy.readDoubles());
        };
        Tensor dw = empty(3, 7);
        Tensor dbias = empty(3);
        Tensor dx = empty(5, 7);
        device.linear().weightGradient(dw, dbias, dy, x).run();
        device.linear().dataGradient(dx, dy, w).run();
        near(differences(x, loss), dx.readDoubles(), 1e-8);
        near(differences(w, loss), dw.readDoubles(), 1e-8);
        near(differences(bias, loss), dbias.readDoubles(), 1e-8);
    }

    @Test
    void crossEntropyGradientIsADerivative() {
        Tensor y = random(5, 4);
        Tensor labels = labels(5, 4);
        Tensor sums = empty(2);
        Meter meter = new Meter(sums, 0, Clock.allocate(scope));
        Tensor dy = empty(5, 4);
        device.readout().crossEntropy(dy, y, labels, meter).run();
        double[] gradient = dy.readDoubles();
        near(
                differences(y, t -> {
                    sums.write(new double[2]);
                    device.readout().crossEntropy(null, t, labels, meter).run();
                    return sums.readDoubles()[0] / 5;
                }),
                gradient,
                1e-7);
    }

    /** Central differences of a function of a tensor, one number at a time. */
    private static double[] differences(Tensor tensor, ToDoubleFunction<Tensor> function) {
        double step = 1e-6;
        double[] values = tensor.readDoubles();
        double[] result = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            double kept = values[i];
            values[i] = kept + step;
            tensor.write(values);
            double above = function.applyAsDouble(tensor);
            values[i] = kept - step;
            tensor.write(values);
            result[i] = (above - function.applyAsDouble(tensor)) / (2 * step);
            values[i] = kept;
        }
        tensor.write(values);
        return result;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /** Known answers of Random123. */
    @Test
    void philoxGivesTheKnownWords() {
        int[] words = new int[4];
        Philox.words(words, 0, 0, 0, 0, 0);
        assertThat(words).containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        Philox.words(words, -1L, -1, -1, -1, -1);
        assertThat(words).containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
    }
}
