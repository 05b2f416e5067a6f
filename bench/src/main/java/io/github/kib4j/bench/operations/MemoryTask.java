package io.github.kib4j.bench.operations;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** Bandwidth: {@code a = b + 3 c}, or a copy by the C library (past the caches where it is large), on all threads. */
final class MemoryTask implements Task {
    /** Numbers of each array: far more than caches hold. */
    static final int NUMBERS = 1 << 25;

    private final boolean triad;
    private final int threads;
    private final int part;
    private final List<float[]> arrays = new ArrayList<>();
    private final List<FloatPointer> pointers = new ArrayList<>();
    private final ExecutorService executor;

    MemoryTask(boolean triad, int numbers, int threads) {
        this.triad = triad;
        this.threads = threads;
        part = numbers / threads;
        executor = Executors.newFixedThreadPool(threads);
        for (int i = 0; i < 3 * threads; i++) {
            if (triad) {
                arrays.add(new float[part]);
            } else {
                pointers.add(new FloatPointer(part));
            }
        }
        fill(1);
    }

    /** Returns the bytes that a run of this kind moves: two arrays read and one written, or one and one. */
    static long bytes(String name) {
        return (name.endsWith("triad") ? 3L : 2L) * NUMBERS * Float.BYTES;
    }

    @Override
    public void run() {
        List<Callable<Boolean>> parts = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int first = 3 * i;
            parts.add(() -> triad ? addScaled(first) : copy(first));
        }
        try {
            for (Future<Boolean> done : executor.invokeAll(parts)) {
                done.get();
            }
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("The memory benchmark was stopped.", e);
        }
    }

    private boolean addScaled(int first) {
        float[] a = arrays.get(first);
        float[] b = arrays.get(first + 1);
        float[] c = arrays.get(first + 2);
        for (int i = 0; i < a.length; i++) {
            a[i] = b[i] + 3f * c[i];
        }
        return true;
    }

    private boolean copy(int first) {
        Pointer.memcpy(pointers.get(first), pointers.get(first + 1), (long) part * Float.BYTES);
        return true;
    }

    /** Gives all numbers this value. */
    void fill(float value) {
        arrays.forEach(array -> Arrays.fill(array, value));
        pointers.forEach(array -> IntStream.range(0, part).forEach(i -> array.put(i, value)));
    }

    /** Gives what is written the value 0. */
    void clearResults() {
        for (int i = 0; i < threads; i++) {
            if (triad) {
                Arrays.fill(arrays.get(3 * i), 0);
            } else {
                pointers.get(3 * i).put(new float[part]);
            }
        }
    }

    /** Returns what was written, part after part. */
    float[] results() {
        float[] all = new float[part * threads];
        for (int i = 0; i < threads; i++) {
            if (triad) {
                System.arraycopy(arrays.get(3 * i), 0, all, part * i, part);
            } else {
                pointers.get(3 * i).get(all, part * i, part);
            }
        }
        return all;
    }

    @Override
    public void close() {
        executor.shutdown();
        pointers.forEach(FloatPointer::close);
    }
}
