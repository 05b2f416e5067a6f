package io.github.kib4j.experiment;

import io.github.kib4j.datasets.Datasets;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;

/**
 * One training of a study: an experiment of one rule.
 *
 * @param title for people: {@code mlp-mnist-cosine-grp, seed 0}
 * @param experiment all of its settings, and the seed
 */
public record Trial(String title, Experiment experiment) {
    /** How epochs and rates go together: without effect on a short training, perhaps, but on one that goes on. */
    private static final Set<Key> OF_TIME = Set.of(Key.SCHEDULE, Key.MILESTONES, Key.LR_DECAY, Key.WARM_UP);

    private static final int DIGITS = 10;

    /**
     * {@return the name of its folder} It is made of what decides the bits of the training, so that another value of a setting
     * is another folder, but not of the number of epochs where the schedule does not depend on it: more epochs go on in the
     * folder of fewer.
     */
    public String name() {
        String what = experiment.preset() != null ? experiment.preset() : new RunPlan(settings()).title();
        return what + "-seed-" + settings().text(Key.SEED) + "-" + fingerprint();
    }

    Settings settings() {
        return experiment.settings();
    }

    /** {@return how many epochs it is to have} */
    public int epochs() {
        return settings().integer(Key.EPOCHS);
    }

    private String fingerprint() {
        Effects effects = new Effects(settings());
        StringBuilder deciding = new StringBuilder();
        for (Key key : Key.values()) {
            // A setting that a later version brings has its default here, and changes no name.
            boolean said = !settings().text(key).equals(key.fallback()) && !effects.isUnread(key);
            if (said && decides(key) && (OF_TIME.contains(key) || effects.whyNone(key) == null)) {
                deciding.append(key.title())
                        .append('=')
                        .append(settings().text(key))
                        .append('\n');
            }
        }
        return sha256(deciding.toString()).substring(0, DIGITS);
    }

    private boolean decides(Key key) {
        return switch (key) {
            case EPOCHS -> new RunPlan(settings()).schedule().dependsOnEpochs();
            case DATA -> !Datasets.published().contains(settings().text(Key.DATASET));
            default -> !Settings.isOfTheMachine(key);
        };
    }

    private static String sha256(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
