package io.github.kib4j.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether a machine has a GPU of NVIDIA's, asked without its driver: where it has one, a missing driver is a fault. */
final class NvidiaHardware {
    private static final String VENDOR = "0x10de";
    /** Displays and 3D controllers, and not the sound or USB of a card. */
    private static final String DISPLAY = "0x03";

    private NvidiaHardware() {}

    /**
     * {@return whether the driver's device files are there, or Linux shows a GPU on the PCI bus, which it does in containers, too}
     *
     * @param root of the file system
     */
    static boolean isIn(Path root) {
        if (Files.exists(root.resolve("dev/nvidiactl")) || Files.exists(root.resolve("dev/dxg"))) { // Windows' Linux
            return true;
        }
        try (DirectoryStream<Path> devices = Files.newDirectoryStream(root.resolve("sys/bus/pci/devices"))) {
            for (Path device : devices) {
                if (says(device.resolve("vendor"), VENDOR) && says(device.resolve("class"), DISPLAY)) {
                    return true;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // what cannot be seen is not there
        }
        return false;
    }

    private static boolean says(Path file, String start) throws IOException {
        return Files.isReadable(file)
                && Files.readString(file, StandardCharsets.US_ASCII).startsWith(start);
    }
}
