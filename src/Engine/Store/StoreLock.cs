namespace Sluice.Engine.Store;

/// <summary>
/// Keeps a second engine off a file, in this process or another: a file beside it that is held open exclusively. The system lets go of it
/// however the process ends; the file itself stays, empty.
/// </summary>
internal sealed class StoreLock : IDisposable
{
    private readonly FileStream _held;

    private StoreLock(FileStream held) => _held = held;

    /// <summary>Takes the lock of an engine's file.</summary>
    /// <exception cref="EngineStoreException">Another engine has it, or the folder cannot be written.</exception>
    public static StoreLock Take(string path)
    {
        var file = path + ".lock";
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        try
        {
            Directory.CreateDirectory(folder);
            return new StoreLock(new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        }
        catch (Exception e) when (e is UnauthorizedAccessException or PathTooLongException or DirectoryNotFoundException || (e is IOException && !File.Exists(file)))
        {
            throw new EngineStoreException(
                "StoreUnwritable", $"The folder '{folder}' cannot be written ({e.Message}). Give another data folder or the right to write there.", e);
        }
        catch (IOException e)
        {
            throw new EngineStoreException(
                "StoreBusy", $"Another engine runs on '{path}': it holds '{file}' (`fuser {file}` names its process). Stop it, then start again.", e);
        }
    }

    public void Dispose() => _held.Dispose();
}
