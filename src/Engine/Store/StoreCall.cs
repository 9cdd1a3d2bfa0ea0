namespace Sluice.Engine.Store;

/// <summary>A moment in the use of the file, for tests of what happens when the program or the disk fails there.</summary>
internal enum StoreCall
{
    /// <summary>Before a transaction begins.</summary>
    Begin,

    /// <summary>Before a write of the transaction.</summary>
    Write,

    /// <summary>Before the commit.</summary>
    Commit,

    /// <summary>After the commit, before anybody hears of it.</summary>
    Committed,

    /// <summary>Before a read.</summary>
    Read,

    /// <summary>After a read.</summary>
    HasRead,
}
