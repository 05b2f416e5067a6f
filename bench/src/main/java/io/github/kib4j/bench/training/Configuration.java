package io.github.kib4j.bench.training;

import io.github.kib4j.bench.Workload;
import io.github.kib4j.op.Precision;
import java.util.List;
import java.util.Locale;

/** Who trains what on how many threads; its text is {@code kib/vgg/cosine-grp-div/f32/2}. */
public record Configuration(String contender, Workload workload, int threads) {
    /** Reads a configuration's text. */
    static Configuration parse(String text) {
        String[] parts = text.split("/", -1);
        if (parts.length != 5) {
            throw new IllegalArgumentException(
                    "A configuration is CONTENDER/NETWORK/RULE/PRECISION/THREADS, not '" + text + "'.");
        }
        return new Configuration(
                parts[0], new Workload(parts[1], parts[2], precision(parts[3])), Integer.parseInt(parts[4]));
    }

    /** Returns the precision of this name. */
    static Precision precision(String name) {
        return switch (name) {
            case "f32" -> Precision.F32;
            case "bf16" -> Precision.BF16;
            default ->
                throw new IllegalArgumentException("There is no precision '" + name + "'; choose of: f32, bf16.");
        };
    }

    String precisionName() {
        return workload.precision().name().toLowerCase(Locale.ROOT);
    }

    /** Returns the same by another contender and rule: what this is compared with. */
    Configuration of(String otherContender, String otherRule) {
        return new Configuration(
                otherContender, new Workload(workload.network(), otherRule, workload.precision()), threads);
    }

    @Override
    public String toString() {
        return String.join(
                "/",
                List.of(contender, workload.network(), workload.rule(), precisionName(), Integer.toString(threads)));
    }
}
