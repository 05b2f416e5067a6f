package io.github.kib4j.cli;

import io.github.kib4j.op.DeviceMemory;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code kib bundle}: a folder that runs this kib where there is no Java. */
final class BundleCommand {
    private static final String WITHOUT_CPU = "--without-cpu";
    private static final String MODULES = "--java-modules";

    private BundleCommand() {}

    static CommandSpec spec() {
        CommandSpec spec = Parts.command(
                "bundle",
                "Makes a folder that runs this kib on x86-64 Linux without a JDK, Maven or network: a Java runtime,"
                        + " kib's libraries and a start script. For a GPU, that machine needs NVIDIA's driver, cuBLAS"
                        + " and cuDNN.");
        spec.addPositional(Parts.argument(0, true, Path.class, "DIR", "the folder, new or empty", List.of()));
        spec.addOption(Parts.flag(
                WITHOUT_CPU, "leave out oneDNN, by which the device cpu computes: smaller, for a machine with a GPU"));
        spec.addOption(Parts.option(
                MODULES,
                String.class,
                "NAME,...",
                "modules of Java that travel (default: " + JavaRuntime.MODULES + ")"));
        return spec;
    }

    static int run(ParseResult parsed, PrintStream out) throws IOException {
        Path folder = parsed.matchedPositionalValue(0, Path.of(""));
        ClassPath classPath = ClassPath.ofThisProgram();
        if (parsed.hasMatchedOption(WITHOUT_CPU)) {
            classPath = classPath.without("dnnl", "opencl");
        }
        long bytes = new Bundle(classPath, new JavaRuntime(parsed.matchedOptionValue(MODULES, JavaRuntime.MODULES)))
                .make(folder);
        out.println(folder + " has " + DeviceMemory.megabytes(bytes) + "; on any x86-64 Linux, " + folder.getFileName()
                + "/kib runs this version.");
        return 0;
    }
}
