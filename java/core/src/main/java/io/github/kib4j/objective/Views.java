package io.github.kib4j.objective;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Signature;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;

/**
 * Views of one image are similar, those of two are not (docs/mathematics.md, section 3.7). Since views lie side by side, and all of an
 * image in one batch, every batch has the same similarities.
 */
record Views() implements TeachingSignal {
    @Override
    public Signature signature() {
        return Signature.of("views");
    }

    @Override
    public Resident reside(Device device, Scope scope, TrainingSet set) {
        if (set.views() < 2) {
            throw new RefusedException(
                    "Views of one image teach from 2 of them in a batch on, but there is 1; train with more views.");
        }
        return new OfEachBatch(device, set.views(), SampleTable.allocate(scope, "views", set.batch(), set.batch()));
    }

    private static final class OfEachBatch implements Resident {
        private final Device device;
        private final int views;
        /** Of a batch: positions in an epoch are counted modulo its samples. */
        private final Tensor all;

        private boolean written;

        OfEachBatch(Device device, int views, Tensor all) {
            this.device = device;
            this.views = views;
            this.all = all;
        }

        @Override
        public void startEpoch(int[] order) {
            if (written) {
                return;
            }
            int batch = all.shape().extent(0);
            float[] rows = new float[batch * batch];
            for (int i = 0; i < batch; i++) {
                for (int j = 0; j < batch; j++) {
                    rows[i * batch + j] = i / views == j / views ? 1 : 0;
                }
            }
            all.write(rows);
            written = true;
        }

        @Override
        public Batch batch(Workspace workspace, Tensor labels, Tensor order, Clock clock) {
            return EpochSimilarities.rows(device, all, workspace, labels, clock);
        }
    }
}
