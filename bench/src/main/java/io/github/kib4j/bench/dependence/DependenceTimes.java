package io.github.kib4j.bench.dependence;

import io.github.kib4j.dependence.Gradient;
import io.github.kib4j.dependence.Independence;
import io.github.kib4j.dependence.Measure;
import io.github.kib4j.dependence.Observations;
import io.github.kib4j.dependence.TestResult;
import io.github.kib4j.dependence.Variable;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.tensor.RefusedException;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * Computes one of the tasks of {@code bench/dependence/compare} again and again, and prints seconds and what it came to as JSON. Arrays are
 * files of single precision, little endian, row by row.
 */
public final class DependenceTimes {
    private DependenceTimes() {}

    /**
     * Runs a task: once to warm up, then as often as asked.
     *
     * @param arguments task ({@code hsic-test}, {@code cka} or {@code gradient}), folder with {@code x.f32} and {@code y.f32}, device,
     *     samples, numbers in a sample, width of the kernels, permutations, times
     * @throws IOException if a file cannot be read
     */
    public static void main(String[] arguments) throws IOException {
        int n = Integer.parseInt(arguments[3]);
        int d = Integer.parseInt(arguments[4]);
        double sigma = Double.parseDouble(arguments[5]);
        int permutations = Integer.parseInt(arguments[6]);
        int times = Integer.parseInt(arguments[7]);
        Observations x = Observations.of(read(Path.of(arguments[1], "x.f32"), n * d), n, d);
        Observations y = Observations.of(read(Path.of(arguments[1], "y.f32"), n * d), n, d);
        try (Device device = Devices.open(arguments[2], 0).device()) {
            Supplier<double[]> task = switch (arguments[0]) {
                case "hsic-test" -> () -> test(device, x, y, Kernel.gaussian(sigma), permutations);
                case "cka" ->
                    () -> new double[] {
                        Measure.CKA.of(device, Variable.of(x, Kernel.LINEAR), Variable.of(y, Kernel.LINEAR))
                    };
                case "gradient" -> () -> gradient(device, x, y, Kernel.gaussian(sigma));
                default -> throw new RefusedException("There is no task " + arguments[0] + ".");
            };
            double[] values = task.get();
            List<String> seconds = new ArrayList<>();
            for (int i = 0; i < times; i++) {
                long start = System.nanoTime();
                values = task.get();
                seconds.add(String.format(Locale.ROOT, "%.6f", (System.nanoTime() - start) * 1e-9));
            }
            List<String> texts = new ArrayList<>();
            for (double value : values) {
                texts.add(String.valueOf(value));
            }
            System.out.printf(
                    "{\"seconds\": %s, \"values\": %s, \"device\": \"%s\", \"java\": \"%s\"}%n",
                    seconds, texts, device.description(), System.getProperty("java.version"));
        }
    }

    private static float[] read(Path file, int count) throws IOException {
        float[] values = new float[count];
        try (FileChannel channel = FileChannel.open(file)) {
            FloatBuffer buffer = channel.map(FileChannel.MapMode.READ_ONLY, 0, 4L * count)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer();
            buffer.get(values);
        }
        return values;
    }

    private static double[] test(Device device, Observations x, Observations y, Kernel kernel, int permutations) {
        TestResult result = Independence.permutations(
                device, Measure.HSIC, Variable.of(x, kernel), Variable.of(y, kernel), permutations, 1);
        return new double[] {result.statistic(), result.pValue()};
    }

    /** Returns HSIC, and of its gradient the length and the first and last number. */
    private static double[] gradient(Device device, Observations x, Observations y, Kernel kernel) {
        Gradient gradient = Measure.HSIC.gradient(device, Variable.of(x, kernel), Variable.of(y, kernel));
        double squares = 0;
        for (double[] row : gradient.dx()) {
            for (double entry : row) {
                squares += entry * entry;
            }
        }
        double[] last = gradient.dx()[gradient.dx().length - 1];
        return new double[] {gradient.value(), Math.sqrt(squares), gradient.dx()[0][0], last[last.length - 1]};
    }
}
