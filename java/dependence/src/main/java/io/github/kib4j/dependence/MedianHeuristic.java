package io.github.kib4j.dependence;

import io.github.kib4j.op.Kernel;
import io.github.kib4j.tensor.RefusedException;
import java.util.Arrays;
import java.util.Random;

/** The width of a kernel from how far apart samples are. */
public final class MedianHeuristic {
    /** The most samples whose distances are compared; of more, so many are drawn. */
    public static final int MOST_SAMPLES = 500;

    private MedianHeuristic() {}

    /**
     * {@return {@code sigma = median_{i<j} |x_i - x_j|}, of an even number of distances the mean of the middle two} (Gretton et al., "A
     * kernel statistical test of independence", NeurIPS 2007.) Of more than 500 samples it is that of 500, drawn without
     * replacement.
     *
     * @param seed what is drawn
     * @param samples one sample, or several of as many numbers whose median is to be one: all of them are pooled
     * @throws RefusedException if there are fewer than 2 samples, or half of the distances are 0
     */
    public static double width(long seed, Observations... samples) {
        Observations all = Arrays.stream(samples)
                .reduce(Observations::together)
                .orElseThrow(() -> new RefusedException("The median of distances needs samples, but there are none."));
        if (all.count() < 2) {
            throw new RefusedException(
                    "The median of distances needs at least 2 samples, but samples has " + all.count() + ".");
        }
        int count = Math.min(all.count(), MOST_SAMPLES);
        double[] values =
                all.inOrder(Draws.some(new Random(seed), all.count(), count)).all("samples");
        double[] distances = new double[count * (count - 1) / 2];
        int at = 0;
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < i; j++) {
                distances[at++] = distance(values, i, j, all.width());
            }
        }
        Arrays.sort(distances);
        double median = (distances[(at - 1) / 2] + distances[at / 2]) / 2;
        if (!(median > 0)) {
            throw new RefusedException(
                    "The median distance of samples is 0, since half of their pairs are equal; give the kernel a"
                            + " width, or compare labels by Kernel.DELTA.");
        }
        return median;
    }

    private static double distance(double[] values, int i, int j, int width) {
        double sum = 0;
        for (int k = 0; k < width; k++) {
            double difference = values[i * width + k] - values[j * width + k];
            sum += difference * difference;
        }
        return Math.sqrt(sum);
    }

    /**
     * {@return a kernel of that width}
     *
     * @param kind Gaussian, Laplace or inverse multiquadric
     * @param seed what is drawn
     * @param samples as of {@link #width}
     * @throws RefusedException if the kernel has no width, or the median distance is 0
     */
    public static Kernel kernel(Kernel.Kind kind, long seed, Observations... samples) {
        return switch (kind) {
            case GAUSSIAN -> Kernel.gaussian(width(seed, samples));
            case LAPLACE -> Kernel.laplace(width(seed, samples));
            case INVERSE_MULTIQUADRIC -> Kernel.inverseMultiquadric(width(seed, samples));
            case LINEAR, COSINE, DELTA ->
                throw new RefusedException("The kernel kind " + kind
                        + " has no width; the median heuristic is for GAUSSIAN, LAPLACE and INVERSE_MULTIQUADRIC.");
        };
    }
}
