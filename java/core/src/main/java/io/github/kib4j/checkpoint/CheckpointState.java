package io.github.kib4j.checkpoint;

import io.github.kib4j.files.Json;
import io.github.kib4j.files.Sha256;
import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What {@code state.json} says: where a run stands, whose run it is, and the SHA-256 sums of the files beside it and of itself.
 *
 * @param format number of the format; {@link #FORMAT} for what is written
 * @param weights SHA-256 of {@code weights.safetensors}
 * @param averaged SHA-256 of {@code averaged.safetensors}; null where there is none
 * @param optimizer SHA-256 of {@code optimizer.safetensors}
 * @param maker version and device that computed it; null in checkpoints of versions that did not write it down
 */
record CheckpointState(
        int format,
        Identity identity,
        Progress progress,
        String weights,
        @Nullable String averaged,
        String optimizer,
        @Nullable String maker) {
    private static final String NETWORK = "network.";

    /** Number of the format that is written. */
    static final int FORMAT = 4;

    /** Number of the oldest format that is read; 2 had no names of classes, and 2 and 3 other settings. */
    private static final int OLDEST = 2;

    /**
     * Reads the text of a state file.
     *
     * @throws IllegalArgumentException if it is no such text, or not to the byte what was once written
     */
    static CheckpointState parse(String text) {
        try {
            Map<?, ?> members = (Map<?, ?>) Json.parse(text);
            long format = (Long) Objects.requireNonNull(members.get("format"));
            if (format < OLDEST || format > FORMAT) {
                throw new IllegalArgumentException(
                        "it has format " + format + ", and this version reads " + OLDEST + " to " + FORMAT);
            }
            int head = text.lastIndexOf(",\n");
            if (head < 0 || !text.equals(signed(text.substring(0, head)))) {
                throw new IllegalArgumentException("its checksum is not that of its text");
            }
            return new CheckpointState(
                    (int) format,
                    identity(format, members),
                    progress(members),
                    string(members, "weights"),
                    (String) members.get("averaged"),
                    string(members, "optimizer"),
                    (String) members.get("maker"));
        } catch (ClassCastException | ArithmeticException | NullPointerException e) {
            throw new IllegalArgumentException("it is not what a checkpoint says of itself", e);
        }
    }

    private static Identity identity(long format, Map<?, ?> members) {
        return new Identity(
                format == FORMAT ? settings(members) : oldSettings(members),
                string(members, "images"),
                members.containsKey("classes") ? strings(list(members, "classes")) : null,
                members.containsKey("input") ? input((Map<?, ?>) members.get("input")) : null);
    }

    private static Input input(Map<?, ?> members) {
        int[] extents = list(members, "shape").stream()
                .mapToInt(extent -> Math.toIntExact((Long) extent))
                .toArray();
        return new Input(
                Shape.of(extents),
                string(members, "type").equals("f32") ? DataType.F32 : DataType.U8,
                numbers(list(members, "mean")),
                numbers(list(members, "deviation")));
    }

    private static List<Double> numbers(List<?> list) {
        return list.stream().map(number -> (Double) number).toList();
    }

    private static Signature settings(Map<?, ?> members) {
        Signature settings = Signature.EMPTY;
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) Objects.requireNonNull(members.get("settings"))).entrySet()) {
            settings = settings.with((String) entry.getKey(), (String) entry.getValue());
        }
        return settings;
    }

    private static Signature oldSettings(Map<?, ?> members) {
        return OldSettings.read(
                strings(list(members, "network")), string(members, "rule"), number(members, "batch"), (Long)
                        Objects.requireNonNull(members.get("seed")));
    }

    /**
     * Checks that a run with these settings can go on from here. Settings that an old format did not write down are taken to be
     * the same.
     *
     * @return the first that differs, in words; null if none does
     */
    @Nullable
    String difference(Signature wanted) {
        return difference(
                wanted,
                key -> format == FORMAT
                        || key.startsWith(NETWORK)
                        || identity.settings().entries().containsKey(key));
    }

    /** Returns the first setting of the network that differs, in words; null if none does. */
    @Nullable
    String networkDifference(Signature network) {
        return difference(Signature.EMPTY.with("network", network), key -> key.startsWith(NETWORK));
    }

    private @Nullable String difference(Signature wanted, Predicate<String> compared) {
        Map<String, String> there = identity.settings().entries();
        Map<String, String> here = wanted.entries();
        return Stream.concat(there.keySet().stream(), here.keySet().stream())
                .filter(compared)
                .filter(key -> !Objects.equals(there.get(key), here.get(key)))
                .min(Comparator.naturalOrder())
                .map(key -> key + " is " + there.getOrDefault(key, "not set") + " there and "
                        + here.getOrDefault(key, "not set") + " here")
                .orElse(null);
    }

    private static Progress progress(Map<?, ?> members) {
        return new Progress(
                Math.toIntExact(number(members, "epoch")),
                number(members, "step"),
                Math.toIntExact(number(members, "position")),
                (Double) Objects.requireNonNull(members.get("seconds")),
                list(members, "sums").stream().mapToDouble(sum -> (Double) sum).toArray());
    }

    private static long number(Map<?, ?> members, String key) {
        long value = (Long) Objects.requireNonNull(members.get(key));
        if (value < 0) {
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

    /**
     * Returns the text of the state file.
     *
     * @throws IllegalStateException if it was read from one of an old format
     */
    String text() {
        if (format != FORMAT) {
            throw new IllegalStateException("A state of format " + format + " is not written any more.");
        }
        List<String> classNames = identity.classNames();
        Input input = identity.input();
        return signed("{\n  \"format\": " + FORMAT
                + member("epoch", progress.epoch())
                + member("step", progress.step())
                + member("position", progress.position())
                + member("seconds", progress.seconds())
                + member("sums", Arrays.toString(progress.sums()))
                + member("settings", quoted(identity.settings()))
                + (classNames == null ? "" : member("classes", quoted(classNames)))
                + (input == null ? "" : member("input", text(input)))
                + member("images", Json.quote(identity.images()))
                + member("weights", Json.quote(weights))
                + (averaged == null ? "" : member("averaged", Json.quote(averaged)))
                + member("optimizer", Json.quote(optimizer))
                + (maker == null ? "" : member("maker", Json.quote(maker))));
    }

    private static String signed(String head) {
        return head + member("checksum", Json.quote(Sha256.of(head))) + "\n}\n";
    }

    private static String quoted(Signature settings) {
        return settings.entries().entrySet().stream()
                .map(entry -> "\n    " + Json.quote(entry.getKey()) + ": " + Json.quote(entry.getValue()))
                .collect(Collectors.joining(",", "{", "\n  }"));
    }

    private static String text(Input input) {
        return "{\"shape\": " + Arrays.toString(input.shape().extents()) + ", \"type\": "
                + (input.type() == DataType.F32 ? "\"f32\"" : "\"u8\"") + ", \"mean\": " + input.mean()
                + ", \"deviation\": "
                + input.deviation() + "}";
    }

    private static String quoted(List<String> strings) {
        return strings.stream().map(Json::quote).collect(Collectors.joining(", ", "[", "]"));
    }

    private static String member(String key, Object value) {
        return ",\n  \"" + key + "\": " + value;
    }
}
