package io.github.kib4j.experiment;

import io.github.kib4j.objective.TeachingSignal;
import io.github.kib4j.tensor.Shape;

/**
 * A teaching signal of others, which settings and the command line know by its name: {@code --teaching NAME}. It is found as a {@link
 * RuleProvider} is, by {@code META-INF/services/io.github.kib4j.experiment.TeachingProvider}.
 */
public interface TeachingProvider {
    /** {@return the name users type: small letters, digits and hyphens, and none that kib4j has itself} */
    String name();

    /**
     * {@return the teaching signal}
     *
     * @param request what is asked for
     * @throws io.github.kib4j.tensor.RefusedException if it cannot teach so, saying why and what fits
     */
    TeachingSignal teaching(Request request);

    /**
     * What a teaching signal is asked for.
     *
     * @param settings of the run, all of them
     * @param input shape of an image
     * @param classes how many the data have
     */
    record Request(Settings settings, Shape input, int classes) {}
}
