package io.github.kib4j.dependence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.math.BigDecimal;
import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What no number can be computed of is said in one sentence, and leaves nothing behind. */
final class RefusalsTest {
    private static final Kernel KERNEL = Kernel.gaussian(1);

    private final Device device = Devices.open("reference", 1).device();

    @AfterEach
    void close() {
        assertThat(device.liveBytes()).isZero();
        device.close();
    }

    private static double[][] rows(int n) {
        double[][] rows = new double[n][2];
        for (int i = 0; i < n; i++) {
            rows[i] = new double[] {i, i * i % 7};
        }
        return rows;
    }

    private static Variable variable(int n) {
        return Variable.of(rows(n), KERNEL);
    }

    private static void said(String sentence, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(RefusedException.class).hasMessage(sentence);
    }

    @Test
    @SuppressWarnings("NullAway") // what is missing is among what is refused
    void whatAreNoObservations() {
        String none = "Observations need at least one row with at least one number.";
        said(none, () -> Observations.of((double[][]) null));
        said(none, () -> Observations.of(new float[0][]));
        said(none, () -> Observations.of(new double[2][0]));
        said(none, () -> Observations.of(new float[][] {null, {1}}));
        said("rows[1] is missing (null).", () -> Observations.of(new float[][] {{1}, null}));
        said(
                "rows[1] has 2 numbers, rows[0] has 1; all rows must be of one length.",
                () -> Observations.of(new double[][] {{1}, {2, 3}}));
        said("values has 5 numbers, but 2 samples of 3 are 6.", () -> Observations.of(new float[5], 2, 3));
        said(
                "values has 5 numbers left, but 2 samples of 3 are 6.",
                () -> Observations.of(FloatBuffer.allocate(5), 2, 3));
        said(
                "values has 10 numbers, but offset, count, width and strides reach from -4 to 3.",
                () -> Observations.of(new float[10], 2, 3, 2, -3, 1));
        said(
                "values has 10 numbers, but offset, count, width and strides reach from 4 to 11.",
                () -> Observations.of(new float[10], 4, 2, 3, 5, 1));
        said(
                "Observations need at least one sample of at least one number, but count is 0 and width 3.",
                () -> Observations.of(new float[10], 0, 0, 3, 3, 1));
        said(
                "labels[1] is 16777217, which single precision does not tell from its neighbours; number the classes from 0.",
                () -> Observations.ofLabels(0, (1 << 24) + 1));
        said(
                "There are 3 samples, and no 2 of them from 2 on.",
                () -> Observations.of(rows(3)).part(2, 2));
        try (Scope scope = device.newScope("test")) {
            Tensor integers = scope.allocate(DataType.I32, Shape.of(2, 3));
            said(
                    "values must be floating and of the shape n x D, but is I32 and 2 x 3.",
                    () -> Observations.of(integers));
        }
    }

    @ParameterizedTest
    @EnumSource(Measure.class)
    void whatNoMeasureIsOf(Measure measure) {
        int least = measure.estimator().leastCount();
        said(
                measure.title() + " needs at least " + least + " samples, but there "
                        + (least == 2 ? "is 1" : "are " + (least - 1)) + " of x.",
                () -> measure.of(device, variable(least - 1), variable(least - 1)));
        said(
                measure.title() + " needs paired samples, but there are 5 of x and 6 of y.",
                () -> measure.of(device, variable(5), variable(6)));
        for (Kernel kernel : MeasureTest.KERNELS) {
            double[][] bad = rows(6);
            bad[4][1] = Double.NaN;
            String nan = "Number 1 of sample 4 of y is NaN; dependence measures need finite numbers.";
            said(nan, () -> measure.of(device, variable(6), Variable.of(bad, kernel)));
            said(nan, () -> measure.gradient(device, variable(6), Variable.of(bad, kernel)));
            double[][] endless = rows(6);
            endless[0][0] = Double.NEGATIVE_INFINITY;
            said(
                    "Number 0 of sample 0 of x is -Infinity; dependence measures need finite numbers.",
                    () -> measure.of(device, Variable.of(endless, kernel), Variable.of(rows(6), Kernel.LINEAR)));
        }
    }

    /** What lies on a device is not looked at before; what comes of it is. */
    @Test
    void whatIsNotFiniteOnTheDevice() {
        try (Scope scope = device.newScope("test")) {
            Tensor values = scope.allocate(DataType.F32, Shape.of(6, 2));
            values.write(new double[] {1, 2, 3, 4, 5, 6, 7, 8, Double.NaN, 1, 2, 3});
            Variable x = Variable.of(Observations.of(values), KERNEL);
            said(
                    "The similarities of x are not finite: a number of it is not, or is too large for single precision; scale it,"
                            + " or remove the sample.",
                    () -> Measure.HSIC.of(device, x, variable(6)));
            said(
                    "Number 0 of sample 4 of x is NaN; dependence measures need finite numbers.",
                    () -> Measure.CKA.of(
                            device,
                            Variable.of(Observations.of(values), Kernel.LINEAR),
                            Variable.of(rows(6), Kernel.LINEAR)));
        }
        double[][] huge = rows(6);
        huge[1][0] = 1e200;
        said(
                "The similarities of x are not finite: a number of it is not, or is too large for single precision; scale it, or"
                        + " remove the sample.",
                () -> Measure.PHSIC.of(device, Variable.of(huge, Kernel.LINEAR), Variable.of(rows(6), Kernel.LINEAR)));
    }

    @Test
    void whatHasNoGradient() {
        Variable labels = Variable.of(Observations.ofLabels(0, 1, 0, 1, 0), Kernel.DELTA);
        said(
                "The delta kernel of x has no gradient; take the gradient with respect to another variable.",
                () -> Measure.HSIC.gradient(device, labels, variable(5)));
        assertThat(Measure.HSIC.gradient(device, variable(5), labels).value()).isPositive();
        Observations line = Observations.of(new double[][] {{0}, {1}, {2}, {3}});
        Variable median = Variable.withMedian(line, Kernel.Kind.GAUSSIAN, 1); // distances 1 1 1 2 2 3
        said(
                "The width of the kernel of x, 1.5, is the median of its distances, through which no gradient goes (of ties there"
                        + " is none); take it as a constant by withConstantWidth().",
                () -> Measure.CKA.gradient(device, median, variable(4)));
        said(
                "The width of the kernel of variable 1, 1.5, is the median of its distances, through which no gradient goes (of"
                        + " ties there is none); take it as a constant by withConstantWidth().",
                () -> JointDependence.gradient(device, List.of(variable(4), median), 1));
        assertThat(Measure.CKA
                        .gradient(device, median.withConstantWidth(), variable(4))
                        .dx())
                .hasDimensions(4, 1);
        assertThat(Measure.CKA.gradient(device, variable(4), median).dx()).hasDimensions(4, 2);
        try (Scope scope = device.newScope("test")) {
            Tensor dx = scope.allocate(DataType.F32, Shape.of(4, 3));
            said(
                    "dx has 12 numbers, x has 8; both must have as many.",
                    () -> Measure.CKA.gradient(device, variable(4), variable(4), dx));
        }
    }

    @Test
    void whatHasNoMedian() {
        said(
                "The median distance of samples is 0, since half of their pairs are equal; give the kernel a width, or compare"
                        + " labels by Kernel.DELTA.",
                () -> MedianHeuristic.width(1, Observations.ofLabels(1, 1, 1, 1, 2)));
        said(
                "The kernel kind COSINE has no width; the median heuristic is for GAUSSIAN, LAPLACE and INVERSE_MULTIQUADRIC.",
                () -> Variable.withMedian(Observations.of(rows(4)), Kernel.Kind.COSINE, 1));
        said(
                "The median of distances needs at least 2 samples, but samples has 1.",
                () -> MedianHeuristic.width(1, Observations.of(rows(1))));
        said("The median of distances needs samples, but there are none.", () -> MedianHeuristic.width(1));
    }

    @Test
    void whatIsNotJoint() {
        said("dHSIC is of 2 to 8 variables, but there is 1.", () -> JointDependence.of(device, List.of(variable(5))));
        said(
                "dHSIC is of 2 to 8 variables, but there are 9.",
                () -> JointDependence.of(device, Collections.nCopies(9, variable(20))));
        said(
                "dHSIC of 3 variables needs at least 6 samples, but there are 5 of variable 0.",
                () -> JointDependence.of(device, Collections.nCopies(3, variable(5))));
        said(
                "dHSIC of 2 variables needs paired samples, but there are 5 of variable 0 and 4 of variable 1.",
                () -> JointDependence.of(device, List.of(variable(5), variable(4))));
        said(
                "index is 2, but there are variables 0 to 1.",
                () -> JointDependence.gradient(device, List.of(variable(5), variable(5)), 2));
    }

    @Test
    void whatAreNoTwoSamples() {
        Observations x = Observations.of(rows(5));
        Observations one = Observations.of(rows(1));
        Observations narrow = Observations.of(new float[5][1]);
        String lengths = "Samples of x have 2 numbers, those of y 1; two samples to be compared must have as many.";
        said(lengths, () -> Discrepancy.MMD.of(device, x, narrow, KERNEL));
        said(lengths, () -> TwoSamples.gamma(device, x, narrow, KERNEL));
        said(
                "The unbiased MMD needs at least 2 samples of each, but there are 5 of x and 1 of y.",
                () -> Discrepancy.MMD_UNBIASED.gradient(device, x, one, KERNEL));
        assertThat(Discrepancy.MMD.of(device, x, one, KERNEL)).isPositive();
        said(
                "The gamma approximation needs at least 4 samples of both together, but there are 1 of x and 1 of y.",
                () -> TwoSamples.gamma(device, one, one, KERNEL));
        said(
                "The delta kernel of x has no gradient; take the gradient with respect to another variable.",
                () -> Discrepancy.MMD.gradient(device, x, x, Kernel.DELTA));
        said(
                "The wild bootstrap of two samples exchanges pairs, but there are 5 of x and 1 of y; take permutations.",
                () -> TwoSamples.wildBootstrap(device, Discrepancy.MMD, x, one, KERNEL, 20, 1));
        said(
                "The number of draws is 0, but a test needs at least 1, and for a level of 0.05 19 or more.",
                () -> TwoSamples.permutations(device, Discrepancy.MMD, x, x, KERNEL, 0, 1));
        double[][] bad = rows(3);
        bad[2][0] = Double.NaN;
        said(
                "Number 0 of sample 7 of the samples is NaN; dependence measures need finite numbers.",
                () -> Discrepancy.MMD.of(device, x, Observations.of(bad), KERNEL));
    }

    @Test
    void whatIsNoTest() {
        said(
                "The gamma approximation needs at least 6 samples, but there are 5 of x.",
                () -> Independence.gamma(device, variable(5), variable(5)));
        said(
                "permutations is 0, but a test needs at least 1, and for a level of 0.05 19 or more.",
                () -> Independence.permutations(device, Measure.HSIC, variable(5), variable(5), 0, 1));
        said(
                "memory is NaN, but a series remembers a number of samples, or 0 of them.",
                () -> Independence.wildBootstrap(device, variable(5), variable(5), 20, Double.NaN, 1));
        said(
                "draws is -1, but a test needs at least 1, and for a level of 0.05 19 or more.",
                () -> Independence.wildBootstrap(device, variable(5), variable(5), -1, 0, 1));
    }

    @Test
    void whatIsNoApproximation() {
        said(
                "The kernel COSINE of variable has no Fourier features; GAUSSIAN, LAPLACE and INVERSE_MULTIQUADRIC have.",
                () -> Features.fourier(device, Variable.of(rows(4), Kernel.COSINE), 10, 1));
        said(
                "frequencies is 9, but must be a positive multiple of the 2 widths of variable.",
                () -> Features.fourier(device, Variable.of(rows(4), Kernel.gaussian(1, 2)), 9, 1));
        said(
                "landmarks is 5, but must be 1 to the 4 samples of variable.",
                () -> Features.nystrom(device, variable(4), 5, 1));
        said("draws is 1, but an error needs at least 2.", () -> {
            Features.fourierHsic(device, variable(4), variable(4), 10, 1, 1);
        });
        said(
                "block is 3, but blocks need at least 4 samples, and two of them at most the 20 of x and y.",
                () -> BlockAverages.hsic(device, variable(20), variable(20), 3));
        said(
                "block is 11, but blocks need at least 2 samples, and two of them at most the 20 of each.",
                () -> BlockAverages.mmd(device, Observations.of(rows(20)), Observations.of(rows(30)), KERNEL, 11));
        said(
                "Sums of minibatch CKA have no negative batches, ofX or ofY, but these are 1, -1.0 and 0.0.",
                () -> new MinibatchCka(1, BigDecimal.ONE, BigDecimal.ONE.negate(), BigDecimal.ZERO));
        said(
                "Minibatch CKA needs at least 4 samples, but there are 3 of x.",
                () -> MinibatchCka.EMPTY.add(device, variable(3), variable(3)));
    }

    @Test
    void aClosedDeviceOrScopeIsSaid() {
        Device closed = Devices.open("reference", 1).device();
        closed.close();
        assertThatThrownBy(() -> Measure.HSIC.of(closed, variable(5), variable(5)))
                .isInstanceOf(IllegalStateException.class);
        Scope scope = device.newScope("test");
        Variable x = Variable.of(Observations.of(scope.allocate(DataType.F32, Shape.of(5, 2))), KERNEL);
        scope.close();
        assertThatThrownBy(() -> Measure.HSIC.of(device, x, variable(5))).isInstanceOf(IllegalStateException.class);
    }
}
