package io.github.kib4j.objective;

import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;

/** Each sample against running averages of all before it (docs/mathematics.md, equation 7.9). */
final class AveragedPairs implements PairComparison {
    private final double gamma;
    private final PairMemory.Averages memory;
    /** How many samples were seen. */
    private final Tensor seen;

    private final Tensor codes;
    private final Tensor products;
    private final Tensor wanted;
    private final Tensor teachingProducts;
    private final PairState kept;

    AveragedPairs(double gamma, PairMemory.Averages memory, Objective.Place place) {
        this.gamma = gamma;
        this.memory = memory;
        kept = new PairState(place);
        int g = Math.toIntExact(place.code().size());
        int m = Math.max(1, place.teaching().outputs());
        seen = kept.keep("seen", Shape.of(1));
        codes = kept.keep("codes", Shape.of(g));
        products = kept.keep("products", Shape.of(g, g));
        wanted = kept.keep("wanted", Shape.of(m));
        teachingProducts = kept.keep("teaching_products", Shape.of(m, g));
    }

    @Override
    public Map<String, Tensor> kept() {
        return kept.tensors();
    }

    @Override
    public double thirdFactor(double[] dv, PairCodes now, PairTeaching teaching) {
        double[] count = seen.readDoubles();
        double[] t = codes.readDoubles();
        double[] c = products.readDoubles();
        double[] eta = wanted.readDoubles();
        double[] ty = teachingProducts.readDoubles();
        int g = now.width();
        double value = 0;
        for (int i = 0; i < now.batch(); i++) {
            double[] y = teaching.features(i, eta.length);
            double[] vh = Arrays.copyOfRange(now.compared(), i * g, (i + 1) * g);
            double meanK = PairCodes.dot(t, 0, t, 0, g);
            double meanL = PairCodes.dot(eta, 0, eta, 0, eta.length);
            double alpha = teaching.alpha();
            double[] ofCodes = new double[g];
            double[] ofTeaching = new double[g];
            for (int k = 0; k < g; k++) {
                ofCodes[k] = PairCodes.dot(c, k, vh, 0, g) - meanK * t[k];
                ofTeaching[k] = -alpha * meanL * t[k];
                for (int m = 0; m < eta.length; m++) {
                    ofTeaching[k] += alpha * ty[m * g + k] * y[m];
                }
            }
            double[] sum = new double[g];
            for (int k = 0; k < g; k++) {
                sum[k] = 2 * ofCodes[k] - gamma * ofTeaching[k];
            }
            value += (PairCodes.dot(ofCodes, 0, vh, 0, g) - gamma * PairCodes.dot(ofTeaching, 0, vh, 0, g))
                    / now.batch();
            now.pullBySum(dv, i, sum, 1.0 / now.batch());
            count[0]++;
            double rate = Math.max(memory.rate(), 1 / count[0]); // at first the mean of all there were
            for (int k = 0; k < g; k++) {
                t[k] += rate * (vh[k] - t[k]);
                for (int l = 0; l < g; l++) {
                    c[k * g + l] += rate * (vh[k] * vh[l] - c[k * g + l]);
                }
                for (int m = 0; m < eta.length; m++) {
                    ty[m * g + k] += rate * (y[m] * vh[k] - ty[m * g + k]);
                }
            }
            for (int m = 0; m < eta.length; m++) {
                eta[m] += rate * (y[m] - eta[m]);
            }
        }
        seen.write(count);
        codes.write(t);
        products.write(c);
        wanted.write(eta);
        teachingProducts.write(ty);
        return value;
    }
}
