package io.github.kib4j.bench;

import io.github.kib4j.op.Activation;
import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Single operations at the sizes of the paper's networks, on the CPU device. {@code triad} is the bound of what only moves
 * memory: {@code a = b + s c} over arrays as large as the activity's input and outputs, on one thread.
 */
@State(org.openjdk.jmh.annotations.Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class OperationBenchmark {
    private static final int BATCH = 128;

    /** Type of activations. */
    @Param({"F32", "BF16"})
    public DataType type = DataType.F32;

    private Device device = Devices.open("cpu", 0).device();
    private Scope scope = device.newScope();
    private Operation convolution = () -> {};
    private Operation weightGradient = () -> {};
    private Operation activity = () -> {};
    private Operation hebbian = () -> {};
    private Operation gramFree = () -> {};
    private Operation gram = () -> {};
    private float[] b = new float[0];
    private float[] c = new float[0];
    private float[] a = new float[0];

    /** Plans the operations of the VGG's second convolution: 128 to 256 channels, 32 x 32, pooled. */
    @Setup
    public void plan() {
        Random random = new Random(1);
        Tensor x = random(random, type, BATCH, 128, 32, 32);
        Tensor y = random(random, type, BATCH, 256, 32, 32);
        Tensor weight = random(random, DataType.F32, 256, 128, 3, 3);
        convolution = device.convolution().forward(y, x, weight, null);
        weightGradient = device.convolution().weightGradient(weight, null, y, x);
        ActivityOps.Spec spec = new ActivityOps.Spec(
                Activation.SELU, Pooling.MAX, new Grouping(64, 0.8, 1, 0.2), new Dropout(0.05, true), 1, 1);
        Shape out = Shape.of(BATCH, 256, 16, 16);
        ActivityOps.Buffers buffers = new ActivityOps.Buffers(
                scope.allocate(type, out),
                scope.allocate(DataType.U8, out),
                random(random, DataType.F32, BATCH, 64),
                random(random, DataType.F32, BATCH, 64),
                random(random, DataType.F32, BATCH, 64),
                scope.allocate(type, out));
        Tensor du = random(random, DataType.F32, BATCH, 64);
        activity = device.activity().forward(buffers, y, spec, io.github.kib4j.op.Clock.allocate(scope));
        hebbian = device.activity().hebbianGradient(y, y, buffers, du, spec);
        Tensor labels = scope.allocate(DataType.I32, Shape.of(BATCH));
        labels.write(random.ints(BATCH, 0, 10).toArray());
        Tensor value = scope.allocate(DataType.F64, Shape.of(3));
        Teaching teaching = new Teaching.Classes(labels, 10, Kernel.COSINE, true);
        Tensor u = random(random, DataType.F32, BATCH, 64);
        gramFree = device.objective()
                .gradient(
                        du,
                        value,
                        u,
                        teaching,
                        new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.COSINE, true, 2),
                        ObjectiveOps.Form.GRAM_FREE,
                        null);
        gram = device.objective()
                .gradient(
                        du,
                        value,
                        u,
                        teaching,
                        new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.gaussian(5), true, 2),
                        ObjectiveOps.Form.GRAM,
                        null);
        int size = BATCH * 256 * 16 * 16 * 2;
        a = new float[size];
        b = new float[size];
        c = new float[size];
    }

    private Tensor random(Random random, DataType wanted, int... extents) {
        Tensor tensor = scope.allocate(wanted, Shape.of(extents));
        float[] values = new float[Math.toIntExact(tensor.shape().size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        tensor.write(values);
        return tensor;
    }

    /** Frees the device. */
    @TearDown
    public void close() {
        scope.close();
        device.close();
    }

    /** Forward convolution: 77 GFLOP. */
    @Benchmark
    public void convolutionForward() {
        convolution.run();
    }

    /** The convolution's weight gradient: 77 GFLOP. */
    @Benchmark
    public void convolutionWeightGradient() {
        weightGradient.run();
    }

    /** Activation to dropout: reads 33.5 M numbers, writes 16.8 M of them and 8.4 M bytes. */
    @Benchmark
    public void activityForward() {
        activity.run();
    }

    /** Third factor to pre-activations: reads 8.4 M numbers and as many bytes, writes 33.5 M. */
    @Benchmark
    public void activityHebbianGradient() {
        hebbian.run();
    }

    /** Cosine objective of 128 codes of 64 groups, without Gram matrices. */
    @Benchmark
    public void objectiveGramFree() {
        gramFree.run();
    }

    /** Gaussian objective of 128 codes of 64 groups, through Gram matrices. */
    @Benchmark
    public void objectiveGram() {
        gram.run();
    }

    /** {@code a = b + s c}: moves 3 arrays of 16.8 M floats. */
    @Benchmark
    public float[] triad() {
        for (int i = 0; i < a.length; i++) {
            a[i] = b[i] + 3f * c[i];
        }
        return a;
    }
}
