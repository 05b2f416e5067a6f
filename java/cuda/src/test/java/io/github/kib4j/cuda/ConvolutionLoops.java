package io.github.kib4j.cuda;

import io.github.kib4j.cuda.ConvolutionTask.Direction;
import io.github.kib4j.tensor.DataType;
import java.util.SplittableRandom;

/** A task's operands, which both types hold exactly, and what loops in double make of them. */
final class ConvolutionLoops {
    final ConvolutionTask task;
    final double[] x;
    final double[] w;
    final double[] y;
    final double[] bias;

    /** What is expected, stored as the result is. */
    final double[] result;

    ConvolutionLoops(ConvolutionTask task, long seed) {
        this.task = task;
        SplittableRandom random = new SplittableRandom(seed);
        x = random(random, task.inputs());
        w = random(random, task.filterImages());
        y = random(random, task.outputs());
        bias = random(random, new ConvolutionKernels.Images(1, 1, 1, task.filters()));
        result = new double[written().length];
        compute();
    }

    private static double[] random(SplittableRandom random, ConvolutionKernels.Images images) {
        return random.doubles(images.numbers(), -1, 1)
                .map(number -> Math.floor(number * 64) / 64)
                .toArray();
    }

    private double[] written() {
        return switch (task.direction()) {
            case FORWARD -> y;
            case WEIGHT_GRADIENT -> w;
            case DATA_GRADIENT -> x;
        };
    }

    private void compute() {
        int c = task.channels();
        int n = task.filters();
        int k = task.kernel();
        int p = task.padding();
        for (int b = 0; b < task.batch(); b++) {
            for (int h = 0; h < task.height(); h++) {
                for (int v = 0; v < task.width(); v++) {
                    int out = ((b * task.height() + h) * task.width() + v) * n;
                    for (int tap = 0; tap < k * k; tap++) {
                        int row = h + tap / k - p;
                        int column = v + tap % k - p;
                        boolean inside = row >= 0 && row < task.height() && column >= 0 && column < task.width();
                        int in = ((b * task.height() + row) * task.width() + column) * c;
                        for (int i = 0; inside && i < n * c; i++) {
                            add(in + i % c, (i / c * k * k + tap) * c + i % c, out + i / c);
                        }
                    }
                }
            }
        }
        if (task.bias()) {
            for (int i = 0; i < result.length; i++) {
                result[i] += bias[i % n];
            }
        }
    }

    private void add(int xAt, int wAt, int yAt) {
        switch (task.direction()) {
            case FORWARD -> result[yAt] += x[xAt] * w[wAt];
            case WEIGHT_GRADIENT -> result[wAt] += x[xAt] * y[yAt];
            case DATA_GRADIENT -> result[xAt] += w[wAt] * y[yAt];
        }
    }

    /** Returns how many products a number of the result is the sum of. */
    private double terms() {
        return switch (task.direction()) {
            case FORWARD -> task.window();
            case WEIGHT_GRADIENT -> task.rows();
            case DATA_GRADIENT -> (double) task.filters() * task.kernel() * task.kernel();
        };
    }

    /**
     * Returns how far a result may lie from these: sums in single precision err by about {@code sqrt(n) eps}, and a result in
     * bfloat16 is rounded twice at most; 8 times that is allowed.
     *
     * @param type of what is rounded
     */
    double tolerance(DataType type) {
        double largest = 0;
        for (double number : result) {
            largest = Math.max(largest, Math.abs(number));
        }
        return 8 * largest * Math.max(type == DataType.BF16 ? 0x1p-9 : 0, Math.sqrt(terms()) * 0x1p-24);
    }

    /** Returns where a plan's operands are. */
    Operands operands(long scratchBytes) {
        Direction direction = task.direction();
        return new Operands(
                direction == Direction.DATA_GRADIENT ? empty(task.inputBytes()) : DeviceBytes.of(task.type(), x),
                direction == Direction.WEIGHT_GRADIENT ? empty(task.weightBytes()) : DeviceBytes.of(task.weights(), w),
                direction == Direction.FORWARD ? empty(task.outputBytes()) : DeviceBytes.of(task.type(), y),
                DeviceBytes.of(DataType.F32, bias),
                new DeviceBytes(scratchBytes));
    }

    private static DeviceBytes empty(long bytes) {
        return new DeviceBytes(bytes);
    }

    /** Operands on the device, the result without numbers. */
    record Operands(DeviceBytes x, DeviceBytes w, DeviceBytes y, DeviceBytes bias, DeviceBytes scratch)
            implements AutoCloseable {
        ConvolutionPlan.Memory memory() {
            return new ConvolutionPlan.Memory(x.pointer(), w.pointer(), y.pointer(), bias.pointer(), scratch.pointer());
        }

        DeviceBytes result(Direction direction) {
            return switch (direction) {
                case FORWARD -> y;
                case WEIGHT_GRADIENT -> w;
                case DATA_GRADIENT -> x;
            };
        }

        @Override
        public void close() {
            x.close();
            w.close();
            y.close();
            bias.close();
            scratch.close();
        }
    }
}
