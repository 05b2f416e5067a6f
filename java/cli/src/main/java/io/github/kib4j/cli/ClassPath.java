package io.github.kib4j.cli;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;

/**
 * The jars and folders of classes that a program runs from, and which it needs elsewhere.
 *
 * @param entries by the name of the jar that each is or becomes, in their order
 */
record ClassPath(Map<String, Path> entries) {
    /** Of NVIDIA's libraries kib4j calls few: of their preset classes and JNI libraries, the others stay behind. */
    private static final String UNUSED_PRESET =
            "org/bytedeco/cuda/(?!(cudart|cublas|cudnn|presets)/|global/(cudart|cublas|cudnn)\\.class"
                    + "|linux-x86_64/libjni(cudart|cublas|cudnn)\\.so).*[^/]";

    /** What a class path of all jars of a folder has, too, and no program needs. */
    private static final String NO_CLASSES = ".*-(sources|javadoc)\\.jar";

    /** Returns what this program runs from, with what its jars' manifests name. */
    static ClassPath ofThisProgram() throws IOException {
        return of(System.getProperty("java.class.path", ""));
    }

    /** Returns the entries of a class path that are there; of two jars of one name the first, as Java takes it. */
    static ClassPath of(String text) throws IOException {
        Map<String, Path> entries = new LinkedHashMap<>();
        for (String part : text.split(File.pathSeparator)) {
            add(Path.of(part).toAbsolutePath().normalize(), entries);
        }
        return new ClassPath(entries);
    }

    private static void add(Path entry, Map<String, Path> entries) throws IOException {
        if (name(entry).matches(NO_CLASSES)) {
            return;
        }
        if (Files.isDirectory(entry)) {
            entries.putIfAbsent("classes-" + entries.size() + ".jar", entry);
        } else if (Files.isRegularFile(entry) && entries.putIfAbsent(name(entry), entry) == null) {
            for (Path named : namedBy(entry)) {
                add(named, entries);
            }
        }
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }

    /** Returns what a jar's manifest puts on the class path. */
    private static List<Path> namedBy(Path jar) throws IOException {
        List<Path> named = new ArrayList<>();
        try (JarFile file = new JarFile(jar.toFile())) {
            Manifest manifest = file.getManifest();
            String value =
                    manifest == null ? null : manifest.getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
            for (String relative : value == null ? new String[0] : value.trim().split(" +")) {
                URI uri = jar.toUri().resolve(relative);
                if ("file".equals(uri.getScheme())) {
                    named.add(Path.of(uri));
                }
            }
        }
        return named;
    }

    /** Returns this without the jars of these artifacts. */
    ClassPath without(String... artifacts) {
        Map<String, Path> kept = new LinkedHashMap<>(entries);
        kept.keySet().removeIf(name -> Stream.of(artifacts).anyMatch(artifact -> name.matches(artifact + "-\\d.*")));
        return new ClassPath(kept);
    }

    /** Puts all that is needed elsewhere into a folder, as jars. */
    void copyTo(Path folder) throws IOException {
        for (Map.Entry<String, Path> entry : entries.entrySet()) {
            Path target = folder.resolve(entry.getKey());
            if (Files.isDirectory(entry.getValue())) {
                pack(entry.getValue(), target);
            } else if (entry.getKey().matches("cuda-\\d.*")) {
                cut(entry.getValue(), target);
            } else {
                Files.copy(entry.getValue(), target);
            }
        }
    }

    /** Returns whether a file of a jar of NVIDIA's presets can stay behind. */
    static boolean isUnusedPreset(String entry) {
        return entry.matches(UNUSED_PRESET);
    }

    private static void pack(Path classes, Path target) throws IOException {
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(target));
                Stream<Path> all = Files.walk(classes)) {
            for (Path file : all.filter(Files::isRegularFile).sorted().toList()) {
                String name = classes.relativize(file).toString().replace(File.separatorChar, '/');
                jar.putNextEntry(new JarEntry(name));
                Files.copy(file, jar);
            }
        }
    }

    /** Copies a jar of NVIDIA's presets without what kib4j does not use. */
    private static void cut(Path preset, Path target) throws IOException {
        try (JarFile from = new JarFile(preset.toFile());
                OutputStream out = Files.newOutputStream(target);
                JarOutputStream to = new JarOutputStream(out)) {
            for (JarEntry entry : from.stream().toList()) {
                if (!isUnusedPreset(entry.getName())) {
                    to.putNextEntry(new JarEntry(entry.getName()));
                    try (InputStream in = from.getInputStream(entry)) {
                        in.transferTo(to);
                    }
                }
            }
        }
    }
}
