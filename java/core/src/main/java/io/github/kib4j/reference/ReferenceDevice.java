package io.github.kib4j.reference;

import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.AugmentationOps;
import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.ConvolutionOps;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.op.LinearOps;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.op.Precision;
import io.github.kib4j.op.RandomOps;
import io.github.kib4j.op.ReadoutOps;
import io.github.kib4j.op.UseGuard;
import io.github.kib4j.tensor.Scope;
import java.util.concurrent.atomic.AtomicLong;

/** The reference device: one thread, double precision. */
final class ReferenceDevice implements Device {
    private final AtomicLong liveBytes = new AtomicLong();
    private final UseGuard guard = new UseGuard("reference");

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public String description() {
        return "reference: plain Java, double precision, 1 thread (slow; for checking)";
    }

    @Override
    public boolean accelerates(Precision precision) {
        return false;
    }

    @Override
    public Scope newScope() {
        guard.checkOpen();
        return new ReferenceScope(liveBytes, guard);
    }

    @Override
    public long liveBytes() {
        return liveBytes.get();
    }

    @Override
    public void synchronize() {
        guard.checkOpen();
    }

    @Override
    public boolean isSynchronous() {
        return true;
    }

    @Override
    public LinearOps linear() {
        return new ReferenceLinear(guard);
    }

    @Override
    public ConvolutionOps convolution() {
        return new ReferenceConvolution(guard);
    }

    @Override
    public BatchNormOps batchNorm() {
        return new ReferenceBatchNorm(guard);
    }

    @Override
    public ActivityOps activity() {
        return new ReferenceActivity(guard);
    }

    @Override
    public GramOps gram() {
        return new ReferenceGram(guard);
    }

    @Override
    public ObjectiveOps objective() {
        return new ReferenceObjective(guard);
    }

    @Override
    public OptimizerOps optimizer() {
        return new ReferenceOptimizer(guard);
    }

    @Override
    public ReadoutOps readout() {
        return new ReferenceReadout(guard);
    }

    @Override
    public AugmentationOps augmentation() {
        return new ReferenceAugmentation(guard);
    }

    @Override
    public RandomOps random() {
        return new ReferenceRandom(guard);
    }

    @Override
    public void close() {
        if (liveBytes.get() != 0) {
            throw new IllegalStateException("The device is closed while " + liveBytes.get()
                    + " bytes of tensors live; close their scopes first.");
        }
        guard.close();
    }
}
