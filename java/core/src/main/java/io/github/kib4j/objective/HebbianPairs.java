package io.github.kib4j.objective;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Exchange;
import io.github.kib4j.op.Gradients;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Signature;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.op.Work;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * pHSIC's third factor written out pair by pair (docs/mathematics.md, section 7.4), on the calling thread and in double: a sample's
 * is a sum over others, each term of which needs the similarity of two codes, that of two wanted outputs, and the means of both. Over
 * all pairs of a batch it is the gradient of {@link LocalObjective}; with what is kept of earlier samples it learns online, and a
 * batch may be one sample.
 *
 * @param kernel compares codes
 * @param centred whether codes are centred
 * @param gamma weight of the dependence on the teaching signal
 * @param memory with what a sample is compared
 */
public record HebbianPairs(Kernel kernel, boolean centred, double gamma, PairMemory memory) implements Objective.Kind {
    /**
     * Checks that they can be computed with.
     *
     * @param kernel compares codes
     * @param centred whether codes are centred
     * @param gamma weight of the dependence on the teaching signal
     * @param memory with what a sample is compared
     */
    public HebbianPairs {
        if (memory instanceof PairMemory.Averages && kernel.kind() == Kernel.Kind.GAUSSIAN) {
            throw new RefusedException(
                    "Running averages hold what the linear and cosine kernels need of earlier samples,"
                            + " but not the Gaussian one; compare with the last samples instead.");
        }
        if (!Double.isFinite(gamma)) {
            throw new RefusedException("Gamma, the weight of the teaching term, must be finite, but is " + gamma + ".");
        }
    }

    @Override
    public int leastBatch() {
        return memory instanceof PairMemory.Batch ? 2 : 1;
    }

    @Override
    public Optional<Comparison> comparison() {
        return Optional.of(new Comparison(kernel, centred));
    }

    @Override
    public Signature signature() {
        return Signature.of("pairs")
                .with("kernel", kernel.signature())
                .with("centred", centred)
                .with("gamma", gamma)
                .with("memory", memory.signature());
    }

    @Override
    public Objective bind(Objective.Place place) {
        PairComparison comparison;
        if (memory instanceof PairMemory.Last last) {
            comparison = new LastPairs(gamma, last, place);
        } else if (memory instanceof PairMemory.Averages averages) {
            comparison = new AveragedPairs(gamma, averages, place);
        } else {
            comparison = new BatchPairs(gamma);
        }
        return new Bound(this, comparison, place.teaching().outputs());
    }

    /** A layer's. */
    private record Bound(HebbianPairs spec, PairComparison comparison, int outputs) implements Objective {
        @Override
        public boolean isMeanOfSamples() {
            return spec.leastBatch() == 1;
        }

        @Override
        public Map<String, Tensor> kept() {
            return comparison.kept();
        }

        @Override
        public Planned plan(
                Workspace workspace,
                Gradients gradients,
                Tensor code,
                Teaching teaching,
                Exchange exchange,
                @Nullable Meter meter) {
            if (exchange.size() > 1) {
                throw new RefusedException("Pairs of samples are compared on one device; learn by phsic on several.");
            }
            check(teaching);
            Tensor du = workspace.tensor(code.type(), code.shape());
            List<Tensor> reads = new ArrayList<>(List.of(code, teaching.tensor()));
            List<Tensor> writes = new ArrayList<>(List.of(du));
            reads.addAll(kept().values());
            writes.addAll(kept().values());
            if (meter != null) {
                reads.addAll(
                        List.of(meter.sums(), meter.clock().now(), meter.clock().fault()));
                writes.addAll(List.of(meter.sums(), meter.clock().fault()));
            }
            Work work = Work.of(() -> {
                PairCodes codes = new PairCodes(code, spec.kernel(), spec.centred());
                double[] dv = new double[codes.batch() * codes.width()];
                double loss = comparison.thirdFactor(dv, codes, new PairTeaching(teaching));
                du.write(codes.throughCentring(dv));
                if (meter != null) {
                    addUp(meter, codes.batch() * loss);
                }
            });
            return new Planned(List.of(new Operation("objective.pairs", reads, writes, work)), du);
        }

        private void check(Teaching teaching) {
            if (spec.leastBatch() > 1) {
                return;
            }
            if (teaching instanceof Teaching.Similarity) {
                throw new RefusedException(
                        "A similarity is given for the samples of a batch, and says nothing of earlier"
                                + " ones; compare the pairs of a batch, or teach by labels or target vectors.");
            }
            if (teaching.outputs() != outputs) {
                throw new RefusedException("The teaching signal says that a wanted output has " + outputs
                        + " numbers (TeachingSignal.outputs), but it has " + teaching.outputs() + ".");
            }
            boolean gaussian =
                    teaching instanceof Teaching.Targets t && t.kernel().kind() == Kernel.Kind.GAUSSIAN;
            if (gaussian && spec.memory() instanceof PairMemory.Averages) {
                throw new RefusedException("Running averages hold what the linear and cosine kernels need of target"
                        + " vectors, but not the Gaussian one; compare with the last samples instead.");
            }
        }

        private static void addUp(Meter meter, double loss) {
            double[] sums = meter.sums().readDoubles();
            sums[meter.slot()] += loss;
            meter.sums().write(sums);
            long[] fault = meter.clock().fault().readLongs();
            if (!Double.isFinite(loss) && fault[0] == 0) {
                long step = meter.clock().now().readLongs()[Clock.STEP];
                meter.clock().fault().write(new long[] {step + 1, meter.slot()});
            }
        }
    }
}
