package io.github.kib4j.train;

import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.AugmentationOps;
import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.ConvolutionOps;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.op.LinearOps;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.op.Precision;
import io.github.kib4j.op.RandomOps;
import io.github.kib4j.op.ReadoutOps;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.lang.reflect.Proxy;

/** A device that has no memory and computes nothing: what is planned on it tells what another one would allocate. */
final class MeasuringDevice implements Device {
    private static final Operation NOTHING = () -> {};

    private final boolean doublesOnly;
    private long bytes;

    /** Measures for a device that has double precision alone ({@code reference}), or one that has every type. */
    MeasuringDevice(boolean doublesOnly) {
        this.doublesOnly = doublesOnly;
    }

    @Override
    public String name() {
        return "measuring";
    }

    @Override
    public String description() {
        return "measuring: allocates and computes nothing";
    }

    @Override
    public boolean accelerates(Precision precision) {
        return true;
    }

    @Override
    public long liveBytes() {
        return bytes;
    }

    @Override
    public void synchronize() {}

    @Override
    public void close() {}

    /** Returns the bytes that a tensor takes on the measured device. */
    long bytes(Tensor tensor) {
        return bytes(tensor.type(), tensor.shape());
    }

    private long bytes(DataType type, Shape shape) {
        DataType stored = doublesOnly && type.isFloating() ? DataType.F64 : type;
        return Math.multiplyExact(shape.size(), stored.bytes());
    }

    @Override
    public Scope newScope() {
        return new Scope() {
            @Override
            public Tensor allocate(DataType type, Shape shape) {
                bytes = Math.addExact(bytes, bytes(type, shape));
                return new MeasuredTensor(type, shape);
            }

            @Override
            public Tensor overlay(Tensor memory, DataType type, Shape shape) {
                return doublesOnly ? allocate(type, shape) : new MeasuredTensor(type, shape);
            }

            @Override
            public void close() {}
        };
    }

    /** A tensor without numbers. */
    private record MeasuredTensor(DataType type, Shape shape) implements Tensor {
        @Override
        public Tensor firstRows(int rows) {
            return new MeasuredTensor(type, shape.withFirst(rows));
        }

        @Override
        public void write(double[] source) {}

        @Override
        public void write(float[] source) {}

        @Override
        public void write(int[] source) {}

        @Override
        public void write(long[] source) {}

        @Override
        public void write(byte[] source) {}

        @Override
        public double[] readDoubles() {
            return new double[size()];
        }

        @Override
        public float[] readFloats() {
            return new float[size()];
        }

        @Override
        public int[] readInts() {
            return new int[size()];
        }

        @Override
        public long[] readLongs() {
            return new long[size()];
        }

        @Override
        public byte[] readBytes() {
            return new byte[size()];
        }

        private int size() {
            return Math.toIntExact(shape.size());
        }
    }

    /** Returns a family all of whose operations do nothing. */
    private static <F> F family(Class<F> type) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> NOTHING));
    }

    @Override
    public LinearOps linear() {
        return family(LinearOps.class);
    }

    @Override
    public ConvolutionOps convolution() {
        return family(ConvolutionOps.class);
    }

    @Override
    public BatchNormOps batchNorm() {
        return family(BatchNormOps.class);
    }

    @Override
    public ActivityOps activity() {
        return family(ActivityOps.class);
    }

    @Override
    public GramOps gram() {
        return family(GramOps.class);
    }

    @Override
    public ObjectiveOps objective() {
        return family(ObjectiveOps.class);
    }

    @Override
    public OptimizerOps optimizer() {
        return family(OptimizerOps.class);
    }

    @Override
    public ReadoutOps readout() {
        return family(ReadoutOps.class);
    }

    @Override
    public AugmentationOps augmentation() {
        return family(AugmentationOps.class);
    }

    @Override
    public RandomOps random() {
        return family(RandomOps.class);
    }
}
