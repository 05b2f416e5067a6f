package io.github.kib4j.experiment;

import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.objective.Objective;
import io.github.kib4j.objective.TeachingSignal;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.rule.Rule;

/**
 * A rule of others, which settings and the command line know by its name: {@code --rule NAME}. It is found through {@link
 * java.util.ServiceLoader}: on the class path, or in a jar that {@code kib --plugin} names, by a public class with a public constructor
 * without arguments that {@code META-INF/services/io.github.kib4j.experiment.RuleProvider} names.
 */
public interface RuleProvider {
    /** {@return the name users type: small letters, digits and hyphens, and none that kib4j has itself} */
    String name();

    /**
     * {@return the rule}
     *
     * @param request what is asked for
     * @throws io.github.kib4j.tensor.RefusedException if the rule cannot run so, saying why and what fits
     */
    Rule rule(Request request);

    /**
     * What a rule is asked for.
     *
     * @param name of the rule
     * @param settings of the run, all of them
     * @param network that is to learn
     * @param classes how many the data have
     * @param teaching what {@code --teaching} says
     */
    record Request(String name, Settings settings, NetworkSpec network, int classes, TeachingSignal teaching) {
        /**
         * {@return the rule by which each hidden layer descends an objective of its own, and the readout learns by cross-entropy}
         *
         * @param objective of which each layer gets its own
         */
        public Rule local(Objective.Kind objective) {
            return new LocalRule(name, objective, teaching);
        }
    }
}
