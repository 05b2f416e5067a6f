package io.github.kib4j.cli;

import io.github.kib4j.tensor.RefusedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.spi.ToolProvider;

/** Makes a Java runtime of the JDK that runs this program. */
class JavaRuntime {
    /**
     * What kib4j uses: images (java.desktop), downloads (java.net.http, and jdk.crypto.ec for their hosts' certificates), logging,
     * what the machine is (management), and what JavaCPP frees memory with (jdk.unsupported).
     */
    static final String MODULES = "java.base,java.desktop,java.logging,java.management,java.net.http,"
            + "jdk.crypto.ec,jdk.management,jdk.unsupported";

    private final String modules;

    /** Chooses the modules; those that they need come along. */
    JavaRuntime(String modules) {
        this.modules = modules;
    }

    /** Returns the program that makes runtimes, where this Java has it. */
    Optional<ToolProvider> tool() {
        return ToolProvider.findFirst("jlink");
    }

    /** Writes the runtime into a folder that is not there yet. */
    void make(Path folder) throws IOException {
        ToolProvider jlink = tool().orElseThrow(JavaRuntime::missing);
        StringWriter said = new StringWriter();
        PrintWriter writer = new PrintWriter(said, true);
        String[] arguments = {
            "--add-modules",
            modules,
            "--strip-java-debug-attributes",
            "--no-header-files",
            "--no-man-pages",
            "--output",
            folder.toString()
        };
        int status = jlink.run(writer, writer, arguments);
        String text = said.toString().strip().replace('\n', ' ');
        if (status != 0 && text.contains("jmods")) {
            throw missing();
        }
        if (status != 0) {
            throw new IOException("jlink ended with status " + status + ": "
                    + text.replaceFirst("^Error: ", "").replaceAll("\\.$", ""));
        }
    }

    private static RefusedException missing() {
        return new RefusedException("This Java (" + System.getProperty("java.home")
                + ") cannot make a runtime of itself, which a bundle needs: it has no jlink or no jmods; let JAVA_HOME name a whole"
                + " JDK 17 or later (Debian: openjdk-17-jdk-headless).");
    }
}
