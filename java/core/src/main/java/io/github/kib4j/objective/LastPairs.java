package io.github.kib4j.objective;

import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Map;

/** Each sample against the last ones before it; the means of similarities are running ones. */
final class LastPairs implements PairComparison {
    private final double gamma;
    private final PairMemory.Last memory;
    /** Samples seen, the running means of similarities of codes and of wanted outputs. */
    private final Tensor state;

    private final Tensor codes;
    private final Tensor wanted;
    private final PairState kept;

    LastPairs(double gamma, PairMemory.Last memory, Objective.Place place) {
        this.gamma = gamma;
        this.memory = memory;
        kept = new PairState(place);
        state = kept.keep("state", Shape.of(3));
        codes = kept.keep(
                "codes", Shape.of(memory.samples(), Math.toIntExact(place.code().size())));
        wanted = kept.keep(
                "wanted",
                Shape.of(memory.samples(), Math.max(1, place.teaching().outputs())));
    }

    @Override
    public Map<String, Tensor> kept() {
        return kept.tensors();
    }

    @Override
    public double thirdFactor(double[] dv, PairCodes now, PairTeaching teaching) {
        double[] numbers = state.readDoubles();
        double[] before = codes.readDoubles();
        double[] wantedBefore = wanted.readDoubles();
        double value = 0;
        for (int i = 0; i < now.batch(); i++) {
            int count = (int) Math.min(numbers[0], memory.samples());
            if (count > 0) {
                value += compare(dv, i, count, now, before, teaching, wantedBefore, numbers) / now.batch();
            }
            int row = (int) (numbers[0] % memory.samples());
            System.arraycopy(now.compared(), i * now.width(), before, row * now.width(), now.width());
            System.arraycopy(
                    teaching.rows(), i * teaching.width(), wantedBefore, row * teaching.width(), teaching.width());
            numbers[0]++;
        }
        state.write(numbers);
        codes.write(before);
        wanted.write(wantedBefore);
        return value;
    }

    private double compare(
            double[] dv,
            int i,
            int count,
            PairCodes now,
            double[] before,
            PairTeaching teaching,
            double[] wantedBefore,
            double[] numbers) {
        double[] k = new double[count];
        double[] l = new double[count];
        double meanK = 0;
        double meanL = 0;
        for (int j = 0; j < count; j++) {
            k[j] = now.similarity(i, before, j);
            l[j] = teaching.similarity(i, wantedBefore, j);
            meanK += k[j] / count;
            meanL += l[j] / count;
        }
        double rate = Math.max(memory.rate(), 1 / numbers[0]); // at first the mean of all there were
        numbers[1] += rate * (meanK - numbers[1]);
        numbers[2] += rate * (meanL - numbers[2]);
        double value = 0;
        for (int j = 0; j < count; j++) {
            double ofCodes = k[j] - numbers[1];
            double ofTeaching = gamma * (l[j] - numbers[2]);
            value += (ofCodes - ofTeaching) * k[j] / count;
            now.pull(dv, i, before, j, (2 * ofCodes - ofTeaching) / count / now.batch(), k[j]);
        }
        return value;
    }
}
