package lakeflow.local;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FsConstants;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * The file system of this machine, in which paths of the platform are folders of a bundle; as `file` and as `dbfs`.
 * What it lists is named as the platform names it, so that partitions and relative paths are found. Links and
 * permissions are asked of Java: Hadoop without its native library starts a process, `readlink` or `chmod`, each time.
 */
public class RawPlatformFileSystem extends RawLocalFileSystem {
    private URI name;
    private PlatformPaths paths;

    public void initialize(URI uri, Configuration conf) throws IOException {
        name = URI.create(uri.getScheme() + ":///");
        paths = new PlatformPaths(conf);
        super.initialize(uri, conf);
    }

    public URI getUri() { return name == null ? FsConstants.LOCAL_FS_URI : name; }

    private boolean isDbfs(Path path) {
        String scheme = path.toUri().getScheme();
        return "dbfs".equals(scheme == null ? getUri().getScheme() : scheme);
    }

    private String local(Path path) {
        return paths == null || !path.isAbsolute() ? null : paths.local(path, isDbfs(path));
    }

    /** A volume has one full name, whichever scheme it was given: a stream's output lists its files by theirs. */
    public Path makeQualified(Path path) {
        if (isDbfs(path) && path.isAbsolute() && PlatformPaths.isVolume(path.toUri().getPath())) {
            return new Path("file", null, path.toUri().getPath());
        }
        return super.makeQualified(path);
    }

    protected void checkPath(Path path) {
        String scheme = path.toUri().getScheme();
        if (!"file".equals(scheme) && !"dbfs".equals(scheme)) super.checkPath(path);
    }

    public File pathToFile(Path path) {
        String local = local(path);
        if (local != null) return new File(local);
        if (isDbfs(path)) throw new IllegalArgumentException(path + ": this session does not know where DBFS lies");
        return super.pathToFile(path);
    }

    public FileStatus getFileStatus(Path path) throws IOException {
        String local = local(path);
        if (local == null) return super.getFileStatus(path);
        File file = new File(local);
        if (!file.exists()) throw new FileNotFoundException("File " + path + " does not exist: it is " + local + " here");
        Path named = makeQualified(path);
        return new FileStatus(file.length(), file.isDirectory(), 1, getDefaultBlockSize(path), file.lastModified(), named);
    }

    public FileStatus getFileLinkStatus(Path path) throws IOException {
        boolean isLink = local(path) == null && Files.isSymbolicLink(pathToFile(path).toPath());
        return isLink ? super.getFileLinkStatus(path) : getFileStatus(path);
    }

    public void setPermission(Path path, FsPermission permission) throws IOException {
        if (permission.getStickyBit()) {
            super.setPermission(path, permission);
        } else {
            String text = permission.toString(); // such as rw-r--r--
            Files.setPosixFilePermissions(pathToFile(path).toPath(), PosixFilePermissions.fromString(text));
        }
    }

    public FileStatus[] listStatus(Path path) throws IOException {
        String local = local(path);
        if (local == null || new File(local).isDirectory()) return super.listStatus(path);
        return new FileStatus[] {getFileStatus(path)};
    }
}
