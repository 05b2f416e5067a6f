package io.github.kib4j.dependence;

/**
 * What a test came to.
 *
 * @param statistic the measure of the samples
 * @param pValue how often samples of the null hypothesis give as much or more: small where they are not of it
 * @param method how the null distribution was found
 * @param used what it was of: samples, kernels, draws and their seed
 */
public record TestResult(double statistic, double pValue, String method, String used) {
    /**
     * {@return whether the null hypothesis, independence or one distribution, is rejected}
     *
     * @param level the part of rejections where it holds: 0.05
     */
    public boolean rejects(double level) {
        return pValue <= level;
    }
}
