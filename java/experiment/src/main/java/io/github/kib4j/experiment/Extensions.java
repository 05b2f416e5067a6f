package io.github.kib4j.experiment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.files.Sha256;
import io.github.kib4j.objective.TeachingSignal;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.KibFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * Rules and teaching signals of others, as the thread's context class loader finds them. Their code runs in this process, with all
 * that it may: nothing is loaded but what is on the class path or named as a plugin; configurations and run folders never name code.
 */
public final class Extensions {
    private static final String NAME = "[a-z][a-z0-9]*(-[a-z0-9]+)*";

    private Extensions() {}

    /** What was found last, mostly all there ever is. */
    private static volatile @Nullable Found last;

    private record Found(
            WeakReference<ClassLoader> loader, List<RuleProvider> rules, List<TeachingProvider> teachings) {}

    /** The jars of plugins. */
    private static final class Plugins extends URLClassLoader {
        private final List<Path> jars;

        Plugins(List<Path> jars, URL[] urls, ClassLoader parent) {
            super("kib4j plugins", urls, parent);
            this.jars = jars;
        }
    }

    /**
     * Lets this thread, and those it starts, know what jars add.
     *
     * @param jars each with a rule or a teaching signal
     * @throws UsageException if one is no jar, adds nothing, or adds what cannot be used
     */
    public static void load(List<Path> jars) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        URL[] urls = jars.stream().map(Extensions::url).toArray(URL[]::new);
        thread.setContextClassLoader(new Plugins(List.copyOf(jars), urls, Extensions.class.getClassLoader()));
        try {
            found();
        } catch (UsageException e) {
            thread.setContextClassLoader(before);
            throw e;
        }
    }

    private static URL url(Path jar) {
        if (!Files.isRegularFile(jar)) {
            throw new UsageException("There is no plugin " + jar + "; --plugin names a jar.");
        }
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            if (Stream.of(RuleProvider.class, TeachingProvider.class)
                    .allMatch(type -> zip.getEntry("META-INF/services/" + type.getName()) == null)) {
                throw new UsageException("The plugin " + jar + " adds nothing: it has neither a file META-INF/services/"
                        + RuleProvider.class.getName() + " nor one of " + TeachingProvider.class.getName() + ".");
            }
            return jar.toUri().toURL();
        } catch (MalformedURLException e) {
            throw new IllegalArgumentException(e);
        } catch (IOException e) {
            throw new UsageException("The plugin " + jar + " cannot be read as a jar (" + e.getMessage() + ").");
        }
    }

    /** Returns the jars of this thread's plugins. */
    static List<Path> jars() {
        return Thread.currentThread().getContextClassLoader() instanceof Plugins plugins ? plugins.jars : List.of();
    }

    /** Says which plugins there are, if any, and of what bytes. */
    static void describe(ObjectNode about) {
        for (Path jar : jars()) {
            try {
                about.withArray("/plugins")
                        .addObject()
                        .put("file", String.valueOf(jar.getFileName()))
                        .put("sha256", Sha256.of(jar));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /**
     * Returns this name of a rule or teaching signal, if there is one of it.
     *
     * @throws UsageException if it is none; it lists those there are
     */
    static String choice(Key key, String name) {
        Stream<String> others = key == Key.RULE
                ? rules().stream().map(RuleProvider::name)
                : teachings().stream().map(TeachingProvider::name);
        List<String> names = Stream.concat(key.choices().stream(), others).toList();
        if (!names.contains(name)) {
            UsageException unknown = UsageException.unknown(key.title(), name, names);
            throw Words.didYouMean(name, names, "").isEmpty()
                    ? new UsageException(
                            unknown.getMessage() + " One of a plugin needs 'kib --plugin JAR' before the command.")
                    : unknown;
        }
        return name;
    }

    /** Returns whether a rule is another's. */
    static boolean isRule(String name) {
        return rules().stream().anyMatch(rule -> rule.name().equals(name));
    }

    /** Returns another's rule of this name, if there is one. */
    static Optional<Rule> rule(RuleProvider.Request request) {
        return rules().stream()
                .filter(rule -> rule.name().equals(request.name()))
                .findFirst()
                .map(rule -> own("rule", rule.name(), () -> rule.rule(request)));
    }

    /** Returns another's teaching signal of this name, if there is one. */
    static Optional<TeachingSignal> teaching(String name, TeachingProvider.Request request) {
        return teachings().stream()
                .filter(teaching -> teaching.name().equals(name))
                .findFirst()
                .map(teaching -> own("teaching signal", name, () -> teaching.teaching(request)));
    }

    /** Says of a failure whose it is. */
    private static <T> T own(String what, String name, Supplier<T> supplier) {
        try {
            T made = supplier.get();
            if (made == null) {
                throw new UsageException("The plugin's " + what + " " + name + " made nothing.");
            }
            return made;
        } catch (RuntimeException | LinkageError e) {
            if (e instanceof KibFailure) {
                throw e;
            }
            throw new UsageException("The plugin's " + what + " " + name + " failed: " + e + ".");
        }
    }

    private static List<RuleProvider> rules() {
        return found().rules();
    }

    private static List<TeachingProvider> teachings() {
        return found().teachings();
    }

    /** Returns what the thread's class loader finds, looked for once. */
    private static Found found() {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        Found known = last;
        if (known == null || known.loader().get() != loader) {
            known = new Found(
                    new WeakReference<>(loader),
                    all(RuleProvider.class, RuleProvider::name, Key.RULE),
                    all(TeachingProvider.class, TeachingProvider::name, Key.TEACHING));
            last = known;
        }
        return known;
    }

    private static <T> List<T> all(Class<T> type, Function<T, String> name, Key key) {
        List<T> found = new ArrayList<>();
        Set<String> names = new HashSet<>(key.choices());
        try {
            Iterator<T> services = ServiceLoader.load(type).iterator();
            while (services.hasNext()) {
                T one = services.next();
                String own = name.apply(one);
                if (own == null || !own.matches(NAME)) {
                    throw new UsageException("The name '" + own + "' of "
                            + one.getClass().getName() + " is none: it has small letters, digits and hyphens.");
                }
                if (!names.add(own)) {
                    throw new UsageException("The " + key.title() + " " + own + " of "
                            + one.getClass().getName() + " has the name of another; give it one of its own.");
                }
                found.add(one);
            }
        } catch (ServiceConfigurationError | LinkageError e) {
            throw new UsageException("What a plugin adds cannot be used (" + e.getMessage() + ").");
        }
        return found;
    }
}
