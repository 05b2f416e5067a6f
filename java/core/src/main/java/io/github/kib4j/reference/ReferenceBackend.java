package io.github.kib4j.reference;

import io.github.kib4j.op.Backend;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.OutOfDeviceMemoryException;
import io.github.kib4j.tensor.Owner;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Arrays;

/**
 * The reference backend: one thread, double precision. A workspace's tensors have arrays of their own, and once one has been used for
 * the last time it holds no numbers: whoever reads it after all is found out.
 */
record ReferenceBackend(
        ReferenceProduct product,
        ReferenceBatchNorm batchNorm,
        ReferenceActivity activity,
        ReferenceCells cells,
        ReferenceGram gram,
        ReferenceObjective objective,
        ReferenceOptimizer optimizer,
        ReferenceReadout readout,
        ReferenceBatch batch,
        ReferenceRandom random)
        implements Backend {
    static final String DESCRIPTION = "reference: plain Java, double precision, 1 thread (slow; for checking)";

    ReferenceBackend() {
        this(
                new ReferenceProduct(),
                new ReferenceBatchNorm(),
                new ReferenceActivity(),
                new ReferenceCells(),
                new ReferenceGram(),
                new ReferenceObjective(),
                new ReferenceOptimizer(),
                new ReferenceReadout(),
                new ReferenceBatch(),
                new ReferenceRandom());
    }

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public String description() {
        return DESCRIPTION;
    }

    @Override
    public boolean accelerates(Precision precision) {
        return false;
    }

    @Override
    public boolean reusesMemory() {
        return false;
    }

    @Override
    public Tensor promise(Owner owner, DataType type, Shape shape) {
        return new ReferenceTensor(owner, shape, type.isFloating() ? DataType.F64 : type);
    }

    @Override
    public boolean allocate(Tensor promised) {
        long size = promised.shape().size();
        if (size > Integer.MAX_VALUE - 8) {
            throw new OutOfDeviceMemoryException(
                    "A tensor of " + promised.shape() + " is too large for the reference device; use another device.");
        }
        ReferenceTensor.of(promised)
                .setArray(
                        switch (promised.type()) {
                            case I64 -> new long[(int) size];
                            case I32 -> new int[(int) size];
                            case U8 -> new byte[(int) size];
                            default -> new double[(int) size];
                        });
        return true;
    }

    @Override
    public void place(Tensor promised, Tensor memory, long offset) {
        throw new UnsupportedOperationException("arrays of Java have no parts of other types");
    }

    @Override
    public void free(Tensor allocated) {
        ReferenceTensor.of(allocated).setArray(null);
    }

    @Override
    public Runnable forget(Tensor ended) {
        return () -> {
            switch (ended.type()) {
                case I64 -> Arrays.fill(ReferenceTensor.longs(ended), Long.MIN_VALUE);
                case I32 -> Arrays.fill(ReferenceTensor.ints(ended), Integer.MIN_VALUE);
                case U8 -> Arrays.fill(ReferenceTensor.bytes(ended), Byte.MIN_VALUE);
                default -> Arrays.fill(ReferenceTensor.doubles(ended), Double.NaN);
            }
        };
    }
}
