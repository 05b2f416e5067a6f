package io.github.kib4j.objective;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/** All images' targets, on the device from the first epoch on. */
final class ResidentTargets implements TeachingSignal.Resident {
    private final Device device;
    private final Supplier<IntFunction<double[]>> targets;
    private final Kernel kernel;
    private final boolean centred;
    private final Tensor all;
    private boolean written;

    /**
     * Makes room for them.
     *
     * @param targets asked once, when they are needed, for what gives an image's
     */
    ResidentTargets(
            Device device,
            Scope scope,
            TrainingSet set,
            int width,
            Supplier<IntFunction<double[]>> targets,
            Kernel kernel,
            boolean centred) {
        this.device = device;
        this.targets = targets;
        this.kernel = kernel;
        this.centred = centred;
        all = SampleTable.allocate(scope, "targets", set.images(), width);
    }

    @Override
    public void startEpoch(int[] order) {
        if (written) {
            return;
        }
        IntFunction<double[]> given = targets.get();
        int width = all.shape().extent(1);
        float[] rows = new float[Math.toIntExact(all.shape().size())];
        for (int i = 0; i < all.shape().extent(0); i++) {
            double[] target = given.apply(i);
            if (target.length != width) {
                throw new RefusedException("The target of sample " + i + " has " + target.length + " entries, but "
                        + width + " were announced.");
            }
            for (int k = 0; k < width; k++) {
                if (!Double.isFinite(target[k])) {
                    throw new RefusedException(
                            "The target of sample " + i + " must be of finite numbers, but has " + target[k] + ".");
                }
                rows[i * width + k] = (float) target[k];
            }
        }
        all.write(rows);
        written = true;
    }

    @Override
    public TeachingSignal.Batch batch(Workspace workspace, Tensor labels, Tensor order, Clock clock) {
        Tensor out = workspace.tensor(
                DataType.F32, all.shape().withFirst(labels.shape().extent(0)));
        return new TeachingSignal.Batch(
                List.of(device.batch().rows(out, all, order, clock)), new Teaching.Targets(out, kernel, centred));
    }
}
