package lakeflow.local;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.delta.DeltaLog;
import org.apache.spark.sql.delta.Snapshot;
import org.apache.spark.sql.delta.VersionChecksum;
import org.apache.spark.sql.delta.actions.AddFile;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction0;
import scala.runtime.AbstractFunction1;

/**
 * The newest version of a Delta table, of which its checksum file says the transactions, domains and files. A write
 * that overwrites a table, or names its transaction, asks for them. Delta itself computes the table's whole state for
 * that, by a job of three stages, which is most of what a small write costs. What the checksum does not say, or says
 * in numbers that do not add up, Delta computes as it always does.
 */
public class KnownSnapshot extends Snapshot {
    private final VersionChecksum checksum;

    private KnownSnapshot(Snapshot snapshot, VersionChecksum checksum) {
        super(snapshot.path(), snapshot.version(), snapshot.logSegment(), snapshot.deltaLog(), snapshot.checksumOpt());
        this.checksum = checksum;
    }

    public Seq setTransactions() { return (Seq) checksum.setTransactions().get(); }

    public Seq domainMetadata() { return (Seq) checksum.domainMetadata().get(); }

    public long sizeInBytes() { return checksum.tableSizeBytes(); }

    public long numOfFiles() { return checksum.numFiles(); }

    public Seq getAllFiles(boolean withRows) {
        Seq files = withRows ? null : files(checksum);
        return files == null ? super.getAllFiles(withRows) : (Seq) files.map(new WithoutStatistics());
    }

    /** All files of a version, or null where its checksum does not have them all. */
    static Seq files(VersionChecksum checksum) {
        if (checksum.allFiles().isEmpty()) return null;
        Seq files = (Seq) checksum.allFiles().get();
        long bytes = 0;
        for (int i = 0; i < files.size(); i++) bytes += ((AddFile) files.apply(i)).size();
        return files.size() == checksum.numFiles() && bytes == checksum.tableSizeBytes() ? files : null;
    }

    /** Before a write into the table: let Delta go by the checksum file, if that is there and says it all. */
    public static void expectWrite(SparkSession session, String path) {
        DeltaLog log = DeltaLog.forTable(session, path);
        log.update(false, Option.empty(), Option.empty());
        log.withSnapshotLockInterruptibly(new Install(log));
    }

    private static class Install extends AbstractFunction0 {
        private final DeltaLog log;

        Install(DeltaLog log) { this.log = log; }

        public Object apply() {
            Snapshot newest = log.unsafeVolatileSnapshot();
            if (newest.getClass() != Snapshot.class || newest.checksumOpt().isEmpty()) return null;
            VersionChecksum checksum = (VersionChecksum) newest.checksumOpt().get();
            boolean saysAll = checksum.setTransactions().isDefined() && checksum.domainMetadata().isDefined();
            long since = log.getCapturedSnapshot().updateTimestamp();
            if (saysAll) log.installSnapshot(new KnownSnapshot(newest, checksum), since);
            return null;
        }
    }

    /** As the files of a transaction are: what is removed by it is written down without them. */
    private static class WithoutStatistics extends AbstractFunction1 {
        public Object apply(Object given) {
            AddFile file = (AddFile) given;
            return file.copy(
                file.path(), file.partitionValues(), file.size(), file.modificationTime(), file.dataChange(), null,
                file.tags(), file.deletionVector(), file.baseRowId(), file.defaultRowCommitVersion(),
                file.clusteringProvider(), file.backReference(), file.amtPassthrough());
        }
    }
}
