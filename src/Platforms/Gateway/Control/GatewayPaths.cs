using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Process;

namespace Sluice.Platforms.Gateway.Control;

/// <summary>Where the gateway of a data folder keeps its things.</summary>
internal sealed class GatewayPaths
{
    // sun_path of sockaddr_un holds 108 bytes on Linux and 104 on macOS, the closing zero included.
    private const int LongestSocketPath = 103;

    public GatewayPaths(string dataFolder)
    {
        Data = Path.GetFullPath(dataFolder);
        Folder = Path.Combine(Data, "gateway");
    }

    public string Data { get; }

    /// <summary>The gateway's own folder, for its owner alone.</summary>
    public string Folder { get; }

    public string State => Path.Combine(Folder, "state.json");

    /// <summary>Held open exclusively by the one gateway.</summary>
    public string Lock => Path.Combine(Folder, "gateway.lock");

    public string Journal => Path.Combine(Folder, "effects.jsonl");

    public string Log => Path.Combine(Data, "logs", "gateway.log");

    /// <summary>Where the socket is: in the gateway's folder, or where the gateway wrote down that it is.</summary>
    public string Socket => File.Exists(SocketRecord) ? File.ReadAllText(SocketRecord).Trim() : SocketInFolder;

    private string SocketInFolder => Path.Combine(Folder, "gateway.sock");

    // The socket's path when it is not in the folder, because the folder's path is too long for one.
    private string SocketRecord => Path.Combine(Folder, "socket");

    /// <summary>Chooses where the socket shall be, and writes it down where a client could not guess it.</summary>
    /// <exception cref="PlatformException"><c>Invalid</c>: the short folder belongs to somebody else.</exception>
    public string ChooseSocket()
    {
        if (Encoding.UTF8.GetByteCount(SocketInFolder) <= LongestSocketPath)
        {
            File.Delete(SocketRecord);
            return SocketInFolder;
        }

        var user = Native.EffectiveUser().ToString(CultureInfo.InvariantCulture);
        var folder = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 and < 60 } runtime
            ? Path.Combine(runtime, "sluice")
            : $"/tmp/sluice-{user}";
        try
        {
            PrivateFile.CreateFolder(folder);

            // Only its owner can do this: another's folder of that name is refused.
            PrivateFile.Close(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PlatformException(
                PlatformError.Invalid,
                $"the path of {Folder} is too long for a socket, and {folder} cannot be used instead ({e.Message}): choose a shorter data folder.",
                e);
        }

        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Folder)))[..16];
        var socket = Path.Combine(folder, name + ".sock");
        PrivateFile.Replace(SocketRecord, Encoding.UTF8.GetBytes(socket));
        return socket;
    }
}
