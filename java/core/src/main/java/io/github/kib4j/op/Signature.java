package io.github.kib4j.op;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All settings that decide a run's bits, as sorted texts {@code key = value}: what a checkpoint says of its run, and a run that
 * goes on from it must share. Each type of settings writes its own, by hand, so that neither a renamed nor an added field makes
 * old checkpoints those of other runs. A field that is added later is left out, by a value of null, where it has the value that
 * it had before it was there.
 *
 * @param entries the values by their keys, which are of letters, digits and points
 */
public record Signature(SortedMap<String, String> entries) {
    /** Nothing yet. */
    public static final Signature EMPTY = new Signature(new TreeMap<>());

    /**
     * Copies the entries.
     *
     * @param entries the values by their keys
     */
    public Signature {
        entries = Collections.unmodifiableSortedMap(new TreeMap<>(entries));
    }

    /**
     * {@return the signature of what is but one value: it gets the key that it is added by}
     *
     * @param value a number, a truth value, a constant of an enumeration, or a text
     */
    public static Signature of(Object value) {
        String text = value instanceof Enum<?> constant ? constant.name() : value.toString();
        return new Signature(new TreeMap<>(Map.of("", text)));
    }

    /**
     * {@return the signature of what users write and does not say more of itself: its class; of a lambda the class it is in}
     *
     * @param written an object
     */
    public static Signature ofClass(Object written) {
        String name = written.getClass().getName();
        int lambda = name.indexOf("$$Lambda");
        return of(lambda < 0 ? name : "lambda in " + name.substring(0, lambda));
    }

    /**
     * {@return these entries and another}
     *
     * @param key of the value
     * @param value a number, a truth value, a constant of an enumeration, or a text; null to leave the entry out
     */
    public Signature with(String key, @Nullable Object value) {
        return value == null ? this : with(key, of(value));
    }

    /**
     * {@return these entries and those of a part, whose keys get another in front}
     *
     * @param key of the part
     * @param part the part's own signature
     */
    public Signature with(String key, Signature part) {
        SortedMap<String, String> more = new TreeMap<>(entries);
        part.entries.forEach((own, value) -> more.put(own.isEmpty() ? key : key + "." + own, value));
        return new Signature(more);
    }

    /**
     * {@return the entries of a part, by the keys that it gave them}
     *
     * @param key of the part
     */
    public Signature part(String key) {
        SortedMap<String, String> own = new TreeMap<>();
        entries.forEach((whole, value) -> {
            if (whole.equals(key)) {
                own.put("", value);
            } else if (whole.startsWith(key + ".")) {
                own.put(whole.substring(key.length() + 1), value);
            }
        });
        return new Signature(own);
    }

    /**
     * {@return the value of a key}
     *
     * @param key of an entry
     * @throws IllegalArgumentException if there is no such entry
     */
    public String value(String key) {
        String value = entries.get(key);
        if (value == null) {
            throw new IllegalArgumentException("there is no '" + key + "'");
        }
        return value;
    }
}
