using System.Text;
using Sluice.Cli.CommandLine;
using Sluice.Domain.Plans;

namespace Sluice.Cli.Client;

/// <summary>Makes the bundle of a plan on disk: its text and that of every file it names, relative to its folder.</summary>
public static class BundleFolder
{
    /// <summary>Reads the plan and its files. A file that does not exist is left out: the compiler reports it with its line.</summary>
    /// <exception cref="UsageException">The plan or a file cannot be read, is not UTF-8, or all together is too large.</exception>
    public static Bundle Read(string planFile)
    {
        var plan = ReadText(planFile);
        var folder = Path.GetDirectoryName(Path.GetFullPath(planFile))!;
        var files = PlanFiles.Referenced(plan)
            .Select(name => (Name: name, Path: Path.Combine(folder, name)))
            .Where(file => File.Exists(file.Path))
            .ToDictionary(file => file.Name, file => ReadText(file.Path));

        var bytes = Encoding.UTF8.GetByteCount(plan) + files.Sum(f => Encoding.UTF8.GetByteCount(f.Key) + Encoding.UTF8.GetByteCount(f.Value));
        return bytes <= Bundle.MaxBytes
            ? new Bundle(plan, files)
            : throw new UsageException($"{planFile} and the {files.Count} files it names have {bytes} bytes; at most {Bundle.MaxBytes} are taken.");
    }

    private static string ReadText(string file)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(file)).TrimStart('\uFEFF');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file} cannot be read: {e.Message}");
        }
        catch (DecoderFallbackException)
        {
            throw new UsageException($"{file} is not UTF-8 text.");
        }
    }
}
