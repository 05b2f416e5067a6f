package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.doubles;
import static io.github.kib4j.reference.ReferenceTensor.ints;

import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ReadoutOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link ReadoutOps} in loops. */
record ReferenceReadout() implements ReadoutOps<Work> {
    @Override
    public Work crossEntropy(@Nullable Tensor dy, Tensor y, Tensor labels, Meter meter) {
        int batch = y.shape().extent(0);
        int outputs = y.shape().extent(1);
        return Work.of(() -> {
            double[] logits = doubles(y);
            double loss = 0;
            for (int b = 0; b < batch; b++) {
                int label = ints(labels)[b];
                int largest = largest(logits, b * outputs, outputs);
                double sum = 0;
                for (int m = 0; m < outputs; m++) {
                    sum += Math.exp(logits[b * outputs + m] - logits[b * outputs + largest]);
                }
                loss += Math.log(sum) + logits[b * outputs + largest] - logits[b * outputs + label];
                doubles(meter.sums())[meter.slot() + 1] += largest == label ? 1 : 0;
                for (int m = 0; m < outputs && dy != null; m++) {
                    double softmax = Math.exp(logits[b * outputs + m] - logits[b * outputs + largest]) / sum;
                    doubles(dy)[b * outputs + m] = (softmax - (m == label ? 1 : 0)) / batch;
                }
            }
            ReferenceObjective.addUp(meter, loss);
        });
    }

    private static int largest(double[] logits, int start, int count) {
        int best = 0;
        for (int m = 1; m < count; m++) {
            if (logits[start + m] > logits[start + best]) {
                best = m;
            }
        }
        return best;
    }
}
