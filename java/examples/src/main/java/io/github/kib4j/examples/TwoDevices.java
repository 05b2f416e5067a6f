package io.github.kib4j.examples;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Several devices live in one JVM, each used by one thread: two runs at the same time, with half of the processors each. */
public final class TwoDevices {
    private TwoDevices() {}

    /**
     * What a run came to.
     *
     * @param device what computed it
     * @param accuracy on the test points, in percent
     * @param loss on the test points
     */
    public record Result(String device, double accuracy, double loss) {}

    /**
     * {@return what a run on a device of its own came to}
     *
     * @param name of the device
     * @param threads that it uses
     * @param epochs how often every point is seen
     * @throws IOException if the file of points cannot be read
     */
    public static Result run(String name, int threads, int epochs) throws IOException {
        Dataset rings = MlpOnFeatures.rings();
        try (Device device = Devices.open(name, threads).device();
                Trainer trainer =
                        new Trainer(device, rings, MlpOnFeatures.config(rings, MlpOnFeatures.labels(rings), epochs))) {
            while (!trainer.isFinished()) {
                trainer.trainEpoch(StepListener.NONE);
            }
            return new Result(
                    device.description(),
                    trainer.evaluate().accuracy(),
                    trainer.evaluate().loss());
        }
    }

    /**
     * {@return the results of runs that are made at the same time, one for each device}
     *
     * @param names of the devices
     * @param threads that each uses
     * @param epochs how often every point is seen
     * @throws InterruptedException if the calling thread is interrupted
     * @throws ExecutionException if a run fails
     */
    public static List<Result> together(List<String> names, int threads, int epochs)
            throws InterruptedException, ExecutionException {
        ExecutorService pool = Executors.newFixedThreadPool(names.size());
        try {
            List<Future<Result>> runs = new ArrayList<>();
            names.forEach(name -> runs.add(pool.submit(() -> run(name, threads, epochs))));
            List<Result> results = new ArrayList<>();
            for (Future<Result> run : runs) {
                results.add(run.get());
            }
            return results;
        } finally {
            pool.shutdown();
        }
    }

    /**
     * Trains on two devices at the same time.
     *
     * @param arguments none
     * @throws InterruptedException if the program is interrupted
     * @throws ExecutionException if a run fails
     */
    public static void main(String[] arguments) throws InterruptedException, ExecutionException {
        int half = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        together(List.of("auto", "auto"), half, 30)
                .forEach(result -> System.out.printf("%s: %.1f %%%n", result.device(), result.accuracy()));
    }
}
