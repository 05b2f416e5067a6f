package io.github.kib4j.experiment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a study compares with others: settings, trained with several seeds. A line of its table.
 *
 * @param labels what tells it from the others, by the titles of the table's columns
 * @param paper the test accuracy that the paper reports, in percent; null for none
 * @param trials one for each seed
 * @param notes what was decided about the settings: sentences to be said
 */
public record Candidate(
        Map<String, String> labels, @Nullable Double paper, List<Trial> trials, List<String> notes) {
    /**
     * Plans an experiment with several seeds, its own and those that follow.
     *
     * @param labels what tells it from the others, by the titles of the table's columns
     * @param name for people
     * @param experiment with the first seed
     * @param seeds how many
     * @return the candidate
     * @throws UsageException if it has several rules, or its settings do not fit each other, or the data where those are known
     */
    public static Candidate of(Map<String, String> labels, String name, Experiment experiment, int seeds) {
        check(name, experiment);
        String preset = experiment.preset();
        List<Trial> trials = new ArrayList<>();
        for (int i = 0; i < seeds; i++) {
            String seed = Long.toString(experiment.settings().seed() + i);
            Settings settings = experiment.settings().with(Key.SEED, seed);
            trials.add(new Trial(
                    name + ", seed " + seed, new Experiment(settings, preset, List.of(), experiment.shaped())));
        }
        Double paper = preset == null ? null : new Presets().paperAccuracy(preset);
        return new Candidate(labels, paper, trials, experiment.notes());
    }

    /** {@return what is measured: the accuracy on test or on validation images} */
    public String measured() {
        return trials.get(0).settings().flag(Key.VALIDATION) ? "validation accuracy" : "test accuracy";
    }

    /** Refuses what could not be trained, before anything is. */
    private static void check(String name, Experiment experiment) {
        RunPlan plan = new RunPlan(experiment.settings());
        if (plan.rules().size() > 1) {
            throw new UsageException("Trainings are compared that have one rule each, but " + name + " has several ("
                    + experiment.settings().text(Key.RULE) + ").");
        }
        plan.checkWeights();
        try {
            Arrays.stream(Key.values())
                    .filter(key -> key.type() == Key.Type.CHOICE && key != Key.RULE)
                    .forEach(experiment.settings()::choice);
            plan.knownImages()
                    .ifPresent(images -> new RunPlan(experiment.fitted(images).settings())
                            .training(plan.rules().get(0), images.image(), images.classes()));
        } catch (UsageException e) {
            throw new UsageException(name + ": " + e.getMessage());
        }
    }
}
