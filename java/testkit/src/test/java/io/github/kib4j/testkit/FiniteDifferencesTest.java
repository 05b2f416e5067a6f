package io.github.kib4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.op.Activation;
import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.tensor.Tensor;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The reference's gradients are derivatives, and one that is not is found. */
final class FiniteDifferencesTest {
    @TestFactory
    Stream<DynamicTest> gradientsAreDerivatives() {
        return FiniteDifferences.tests();
    }

    /** An operation is in one of two lists: with the loss that its gradients are of, or with the reason why there is none. */
    @Test
    void everyOperationHasADerivativeOrAReason() {
        Set<String> differentiated = OperationCases.all().stream()
                .filter(Derivatives::exist)
                .map(OperationCase::operation)
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(differentiated).hasSize(13).doesNotContainAnyElementsOf(Derivatives.NONE.keySet());
        differentiated.addAll(Derivatives.NONE.keySet());
        assertThat(OperationCases.all().stream().map(OperationCase::operation).collect(Collectors.toSet()))
                .isEqualTo(differentiated);
    }

    private static void check(String operation, OperationCase.Body body) {
        FiniteDifferences.check(new OperationCase(operation, "planted", 1, body));
    }

    /** The gradient's power of the divisive normalization is off in the fourth digit. */
    @Test
    void aGradientOfAnotherFunctionIsFound() {
        assertThatCode(() -> check("activity.hebbianGradient", t -> hebbian(t, 0.2)))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> check("activity.hebbianGradient", t -> hebbian(t, 0.2001)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(" of 3 x 12: ")
                .hasMessageEndingWith("repeat with -Dkib4j.seed=" + Parity.SEED);
    }

    private static void hebbian(OperationCase.Setup t, double power) {
        Tensor a = t.randomActivation(3, 12);
        Tensor post = t.activation(3, 12);
        ActivityOps.Buffers buffers =
                new ActivityOps.Buffers(post, t.mask(3, 12), t.wide(3, 4), t.single(3, 4), t.single(3, 4), post);
        t.then(t.device().activity().forward(buffers, a, spec(0.2), null));
        t.then(t.device()
                .activity()
                .hebbianGradient(t.activation(3, 12), a, buffers, t.randomSingle(3, 4), spec(power)));
    }

    private static ActivityOps.Spec spec(double divisivePower) {
        Grouping grouping = new Grouping(4, 0.8, 1, divisivePower);
        return new ActivityOps.Spec(Activation.SELU, Pooling.NONE, grouping, Dropout.NONE, 0, 1);
    }

    /** Statistics that no forward pass has written. */
    @Test
    void aGradientFromOtherStatisticsIsFound() {
        assertThatThrownBy(() -> check("batchNorm.gradient", t -> {
                    Tensor a = t.randomActivation(5, 3);
                    t.then(t.device()
                            .batchNorm()
                            .gradient(
                                    t.activation(5, 3),
                                    t.single(3),
                                    t.single(3),
                                    t.randomActivation(5, 3),
                                    a,
                                    new BatchNormOps.Parameters(
                                            t.randomSingle(3), t.randomSingle(3), t.single(3), t.single(3)),
                                    new BatchNormOps.Saved(t.wide(3), t.filled(t.wide(3), 0.5, 1))));
                }))
                .isInstanceOf(AssertionError.class);
    }

    /** One number of many: codes that are not what the statistics have counted. */
    @Test
    void aSingleWrongSampleIsFound() {
        ObjectiveOps.Spec spec = new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.COSINE, true, 2);
        assertThatThrownBy(() -> check("objective.gradientFromStatistics", t -> {
                    Tensor u = t.randomSingle(40, 6);
                    Tensor other = t.single(40, 6);
                    other.write(u.readDoubles());
                    t.edit(other, v -> v[0] += 0.01);
                    Teaching teaching = new Teaching.Classes(t.labels(40, 5), 5, Kernel.COSINE, true);
                    ObjectiveOps.Statistics sums = new ObjectiveOps.Statistics(
                            t.wide(1), t.wide(6), t.wide(6, 6), t.wide(5, 6), t.wide(5), null);
                    t.then(t.device().objective().codeStatistics(sums, other, teaching, spec));
                    t.then(t.device()
                            .objective()
                            .gradientFromStatistics(t.single(40, 6), t.wide(3), u, teaching, sums, spec, null));
                }))
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void aCaseWithoutAGradientIsNoCheckPassed() {
        assertThatThrownBy(() -> check(
                        "readout.crossEntropy",
                        t -> t.then(t.device()
                                .readout()
                                .crossEntropy(
                                        null,
                                        t.randomSingle(3, 4),
                                        t.labels(3, 4),
                                        new Meter(t.wide(2), 0, t.clock(0, 0, 0))))))
                .isInstanceOf(AssertionError.class)
                .hasMessage("computes no gradient");
    }
}
