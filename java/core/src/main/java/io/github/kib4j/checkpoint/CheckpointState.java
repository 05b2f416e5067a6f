package io.github.kib4j.checkpoint;

import io.github.kib4j.files.Json;
import io.github.kib4j.files.Sha256;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What {@code state.json} says: where a run stands, whose run it is, and the SHA-256 sums of the files beside it and of itself.
 *
 * @param weights SHA-256 of {@code weights.safetensors}
 * @param optimizer SHA-256 of {@code optimizer.safetensors}
 * @param maker version and device that computed it; null in checkpoints of versions that did not write it down
 */
record CheckpointState(
        Identity identity,
        Checkpoint.Progress progress,
        String weights,
        String optimizer,
        @Nullable String maker) {
    /** Number of the format. */
    static final int FORMAT = 3;

    /** Number of the format that had no names of classes; it is read, and written where there are none. */
    private static final int NAMELESS = 2;

    /**
     * Reads the text of a state file.
     *
     * @throws IllegalArgumentException if it is anything but, to the byte, what {@link #text} writes
     */
    static CheckpointState parse(String text) {
        try {
            Map<?, ?> members = (Map<?, ?>) Json.parse(text);
            Object format = members.get("format");
            if (format instanceof Long other && other != FORMAT && other != NAMELESS) {
                throw new IllegalArgumentException(
                        "it has format " + other + ", and this version reads " + NAMELESS + " and " + FORMAT);
            }
            CheckpointState state = new CheckpointState(
                    identity(members),
                    progress(members),
                    string(members, "weights"),
                    string(members, "optimizer"),
                    (String) members.get("maker"));
            if (!state.text().equals(text)) {
                throw new IllegalArgumentException("its checksum is not that of its text");
            }
            return state;
        } catch (ClassCastException | ArithmeticException | NullPointerException e) {
            throw new IllegalArgumentException("it is not what a checkpoint says of itself", e);
        }
    }

    private static Identity identity(Map<?, ?> members) {
        return new Identity(
                strings(list(members, "network")),
                string(members, "rule"),
                string(members, "images"),
                Math.toIntExact(number(members, "batch")),
                number(members, "seed"),
                members.containsKey("classes") ? strings(list(members, "classes")) : null);
    }

    private static Checkpoint.Progress progress(Map<?, ?> members) {
        return new Checkpoint.Progress(
                Math.toIntExact(number(members, "epoch")),
                number(members, "step"),
                Math.toIntExact(number(members, "position")),
                (Double) Objects.requireNonNull(members.get("seconds")),
                list(members, "sums").stream().mapToDouble(sum -> (Double) sum).toArray());
    }

    private static long number(Map<?, ?> members, String key) {
        long value = (Long) Objects.requireNonNull(members.get(key));
        if (value < 0 && !key.equals("seed")) {
            throw new IllegalArgumentException(key + " is negative");
        }
        return value;
    }

    private static String string(Map<?, ?> members, String key) {
        return (String) Objects.requireNonNull(members.get(key));
    }

    private static List<?> list(Map<?, ?> members, String key) {
        return (List<?>) Objects.requireNonNull(members.get(key));
    }

    private static List<String> strings(List<?> list) {
        return list.stream().map(part -> (String) part).toList();
    }

    /** Returns the text of the state file. */
    String text() {
        List<String> classNames = identity.classNames();
        String head = "{\n  \"format\": " + (classNames == null ? NAMELESS : FORMAT)
                + member("epoch", progress.epoch())
                + member("step", progress.step())
                + member("position", progress.position())
                + member("seconds", progress.seconds())
                + member("sums", Arrays.toString(progress.sums()))
                + member("seed", identity.seed())
                + member("batch", identity.batch())
                + member("rule", Json.quote(identity.rule()))
                + member("network", quoted(identity.network()))
                + (classNames == null ? "" : member("classes", quoted(classNames)))
                + member("images", Json.quote(identity.images()))
                + member("weights", Json.quote(weights))
                + member("optimizer", Json.quote(optimizer))
                + (maker == null ? "" : member("maker", Json.quote(maker)));
        return head + member("checksum", Json.quote(Sha256.of(head))) + "\n}\n";
    }

    private static String quoted(List<String> strings) {
        return strings.stream().map(Json::quote).collect(Collectors.joining(", ", "[", "]"));
    }

    private static String member(String key, Object value) {
        return ",\n  \"" + key + "\": " + value;
    }
}
