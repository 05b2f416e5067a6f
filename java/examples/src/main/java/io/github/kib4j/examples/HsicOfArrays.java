package io.github.kib4j.examples;

import io.github.kib4j.dependence.Independence;
import io.github.kib4j.dependence.Measure;
import io.github.kib4j.dependence.TestResult;
import io.github.kib4j.dependence.Variable;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Kernel;
import java.util.Random;

/** How dependent are two variables, of which there are paired samples? HSIC is about 0 where they are independent; a test says whether. */
public final class HsicOfArrays {
    private HsicOfArrays() {}

    /**
     * {@return HSIC of paired samples with Gaussian kernels}
     *
     * @param device computes it
     * @param x samples of one variable
     * @param y samples of the other, as many
     * @param sigma width of both kernels
     */
    public static double hsic(Device device, float[][] x, float[][] y, double sigma) {
        Kernel kernel = Kernel.gaussian(sigma);
        return Measure.HSIC.of(device, Variable.of(x, kernel), Variable.of(y, kernel));
    }

    /**
     * {@return whether they are independent: a test by 199 permutations}
     *
     * @param device computes it
     * @param x samples of one variable
     * @param y samples of the other, as many
     * @param sigma width of both kernels
     */
    public static TestResult test(Device device, float[][] x, float[][] y, double sigma) {
        Kernel kernel = Kernel.gaussian(sigma);
        return Independence.permutations(device, Measure.HSIC, Variable.of(x, kernel), Variable.of(y, kernel), 199, 1);
    }

    /**
     * Compares {@code y = x^2} plus noise, which no correlation shows, with a {@code y} of its own.
     *
     * @param arguments none
     */
    public static void main(String[] arguments) {
        Random random = new Random(1);
        float[][] x = new float[500][1];
        float[][] square = new float[500][1];
        float[][] other = new float[500][1];
        for (int b = 0; b < x.length; b++) {
            x[b][0] = (float) random.nextGaussian();
            square[b][0] = (float) (x[b][0] * x[b][0] + 0.1 * random.nextGaussian());
            other[b][0] = (float) random.nextGaussian();
        }
        try (Device device = Devices.open("auto", 0).device()) {
            System.out.printf("HSIC of x and x^2: %.5f%n", hsic(device, x, square, 1));
            System.out.printf("HSIC of x and another: %.5f%n", hsic(device, x, other, 1));
            System.out.printf(
                    "Independent? p = %.3f and %.3f%n",
                    test(device, x, square, 1).pValue(),
                    test(device, x, other, 1).pValue());
        }
    }
}
