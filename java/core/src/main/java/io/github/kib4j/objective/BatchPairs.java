package io.github.kib4j.objective;

/** All pairs of a batch: {@code dv_i = sum_j 2 S_ij dK_ij/dv_i} with (4.1), the gradient of pHSIC. */
record BatchPairs(double gamma) implements PairComparison {
    @Override
    public double thirdFactor(double[] dv, PairCodes codes, PairTeaching teaching) {
        int batch = codes.batch();
        double[] all = codes.compared();
        double[][] k = new double[batch][batch];
        double[][] l = new double[batch][batch];
        double pairs = (double) batch * batch;
        double meanK = 0;
        double meanL = 0;
        for (int i = 0; i < batch; i++) {
            for (int j = 0; j < batch; j++) {
                k[i][j] = codes.similarity(i, all, j);
                l[i][j] = teaching.similarity(i, teaching.rows(), j);
                meanK += k[i][j] / pairs;
                meanL += l[i][j] / pairs;
            }
        }
        double value = 0;
        for (int i = 0; i < batch; i++) {
            for (int j = 0; j < batch; j++) {
                double ofCodes = k[i][j] - meanK;
                double ofTeaching = gamma * (l[i][j] - meanL);
                value += (ofCodes - ofTeaching) * k[i][j] / pairs;
                codes.pull(dv, i, all, j, (2 * ofCodes - ofTeaching) / pairs, k[i][j]);
            }
        }
        return value;
    }
}
