package lakeflow.local;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumFs;
import org.apache.hadoop.fs.DelegateToFileSystem;
import org.apache.hadoop.fs.LocalFileSystem;

/** What Hadoop looks for by name, in its two interfaces: `fs.<scheme>.impl` and `fs.AbstractFileSystem.<scheme>.impl`. */
public class PlatformFileSystem extends LocalFileSystem {
    public PlatformFileSystem() { super(new RawPlatformFileSystem()); }

    public String getScheme() { return getUri().getScheme(); }

    /** The second interface, which Delta's log and the checkpoints of streams use. */
    public static class Abstract extends ChecksumFs {
        Abstract(URI uri, Configuration conf) throws IOException, URISyntaxException { super(new Raw(uri, conf)); }
    }

    static class Raw extends DelegateToFileSystem {
        Raw(URI uri, Configuration conf) throws IOException, URISyntaxException {
            super(uri, new RawPlatformFileSystem(), conf, uri.getScheme(), false);
        }
        public int getUriDefaultPort() { return -1; }
        public boolean isValidName(String source) { return true; }
    }
}
