using System.Text;
using System.Text.RegularExpressions;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Secrets;

/// <summary>
/// Secrets of one machine: the process's environment first, then the file <c>secrets/NAME</c> in the data folder, which only its owner
/// may read. Values are kept nowhere and written nowhere.
/// </summary>
/// <param name="dataFolder">The data folder.</param>
public sealed partial class SecretStore(string dataFolder) : ISecretStore
{
    private const int MaxBytes = 64 * 1024;
    private const UnixFileMode Others = (UnixFileMode)0b000_111_111;

    /// <inheritdoc/>
    /// <remarks>An empty variable of the environment counts as none. One line end at the end of a file is cut off.</remarks>
    /// <exception cref="PlatformException">
    /// <c>Invalid</c> for a name that is none or a file that is no secret, <c>Unauthorized</c> when others may read the file or we may not.
    /// </exception>
    public async Task<string?> GetAsync(string name, CancellationToken cancellationToken)
    {
        if (!Name().IsMatch(name))
        {
            throw new PlatformException(
                PlatformError.Invalid,
                $"'{name}' is no name of a secret: expected letters, digits, '_', '-', '.', a letter or '_' first, at most 128.");
        }

        return Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : await ReadAsync(name, cancellationToken);
    }

    private async Task<string?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        var path = Path.Combine(dataFolder, "secrets", name);
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);

            // The mode of what was opened, not of what the name meant a moment ago.
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & Others) is not UnixFileMode.None)
            {
                throw new PlatformException(
                    PlatformError.Unauthorized,
                    $"{path} can be read or written by others: run chmod 600 {path}, and rotate the secret if they should not know it.");
            }

            var bytes = new byte[MaxBytes + 1];
            var length = await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
            if (length > MaxBytes)
            {
                throw new PlatformException(PlatformError.Invalid, $"{path} is longer than {MaxBytes} bytes: is it a secret?");
            }

            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, length);
            return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new PlatformException(
                PlatformError.Unauthorized, $"{path} cannot be read: it must be a file of the user that runs Sluice.", exception);
        }
        catch (DecoderFallbackException)
        {
            throw new PlatformException(PlatformError.Invalid, $"{path} is not UTF-8 text.");
        }
    }

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_.-]{0,127}\\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();
}
