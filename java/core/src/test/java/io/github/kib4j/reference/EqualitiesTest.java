package io.github.kib4j.reference;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.op.Activation;
import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Equalities that hold exactly. */
final class EqualitiesTest {
    private static final long SEED = Long.getLong("kib4j.seed", 20);
    private static final int B = 7;
    private static final int G = 4;
    private static final int N = 24;

    private final Device device = Devices.open("reference", 1).device();
    private final Scope scope = device.newScope("test");
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
        device.run(device.activity()
                .forward(
                        new ActivityOps.Buffers(
                                empty(B, d), scope.allocate(DataType.U8, Shape.of(B, d)), null, null, null, x),
                        before,
                        earlier,
                        clock));
        assertThat(Arrays.stream(x.readDoubles()).filter(v -> v == 0).count()).isBetween(20L, 95L);
        Tensor w = random(N, d);
        Tensor a = empty(B, N);
        device.run(device.product().forward(a, x, w, null, Geometry.LINEAR));
        ActivityOps.Spec spec = new ActivityOps.Spec(Activation.SELU, Pooling.NONE, grouping, Dropout.NONE, 1, SEED);
        ActivityOps.Buffers buffers = grouped(spec);
        device.run(device.activity().forward(buffers, a, spec, null));
        Tensor du = random(B, G);
        Tensor da = empty(B, N);
        device.run(device.activity().hebbianGradient(da, a, buffers, du, spec));
        Tensor dw = empty(N, d);
        device.run(device.product().weightGradient(dw, null, da, x, Geometry.LINEAR));
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
        device.run(device.objective().gradient(du, value, u, teaching, spec, form, null));
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
            device.run(device.objective().codeStatistics(part, codes[half], teachings[half], spec));
            addTo(sum.count(), part.count());
            addTo(sum.codeSum(), part.codeSum());
            addTo(sum.codeProducts(), part.codeProducts());
            addTo(sum.teachingProducts(), part.teachingProducts());
            addTo(sum.teachingSum(), part.teachingSum());
        }
        for (int half = 0; half < 2; half++) {
            Tensor du = empty(4, G);
            Tensor value = empty(3);
            device.run(device.objective()
                    .gradientFromStatistics(du, value, codes[half], teachings[half], sum, spec, null));
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
