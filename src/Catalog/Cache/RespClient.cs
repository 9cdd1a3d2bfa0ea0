using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Sluice.Catalog.Cache;

/// <summary>
/// Redis over its own protocol: one connection, made when it is needed, one command at a time. It is dropped at any fault; a command on a
/// connection that proves dead is sent once more on a new one, so commands must be such as may be carried out twice.
/// </summary>
/// <param name="address">Where, and who we are there.</param>
internal sealed class RespClient(RedisAddress.Resp address) : IRedis
{
    private readonly SemaphoreSlim _turn = new(1);
    private Connection? _connection;

    public string Place => address.ToString();

    public async Task<string?> SendAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var isOld = _connection is not null;
            try
            {
                return Value(await SendOnceAsync(command, cancellationToken));
            }
            catch (Exception e) when (isOld && e is IOException or SocketException)
            {
                return Value(await SendOnceAsync(command, cancellationToken));
            }
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidDataException or AuthenticationException)
        {
            throw new RedisException(
                e is InvalidDataException ? $"What answers at {Place} is no Redis: it sent {e.Message}." : $"{Place} does not answer: {e.Message.TrimEnd('.')}.", e);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await DropAsync();
        _turn.Dispose();
    }

    private string? Value(RespReply reply) => reply.IsError ? throw Refusal(reply) : reply.Text;

    private RedisException Refusal(RespReply reply) => new($"{Place} refuses: {reply.Text}");

    private async Task<RespReply> SendOnceAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        try
        {
            _connection ??= await ConnectAsync(cancellationToken);
            return await _connection.SendAsync(command, cancellationToken);
        }
        catch
        {
            // What is still to come on it would be taken for the answer to the next command.
            await DropAsync();
            throw;
        }
    }

    private async Task<Connection> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? stream = null;
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancellationToken);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (address.Tls)
            {
                stream = await EncryptAsync(stream, cancellationToken);
            }

            var connection = new Connection(stream);
            await GreetAsync(connection, cancellationToken);
            return connection;
        }
        catch
        {
            if (stream is not null)
            {
                await stream.DisposeAsync();
            }

            socket.Dispose();
            throw;
        }
    }

    private async Task<SslStream> EncryptAsync(Stream plain, CancellationToken cancellationToken)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = address.Host };
        if (address.Authorities is { } authorities)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        var encrypted = new SslStream(plain);
        try
        {
            await encrypted.AuthenticateAsClientAsync(options, cancellationToken);
            return encrypted;
        }
        catch
        {
            await encrypted.DisposeAsync();
            throw;
        }
    }

    private async Task GreetAsync(Connection connection, CancellationToken cancellationToken)
    {
        string[] who = address.Password is { } password ? ["AUTH", address.User ?? "default", password] : [];
        var greeting = await connection.SendAsync(["HELLO", "3", .. who], cancellationToken);
        if (greeting is { IsError: true, Text: { } reason })
        {
            // Before version 6 there is no HELLO, and no user.
            if (!reason.StartsWith("ERR unknown command", StringComparison.OrdinalIgnoreCase) && !reason.StartsWith("NOPROTO", StringComparison.Ordinal))
            {
                throw Refusal(greeting);
            }

            if (address.Password is { } old)
            {
                await DemandAsync(address.User is { } user ? ["AUTH", user, old] : ["AUTH", old]);
            }
        }

        if (address.Database != 0)
        {
            await DemandAsync(["SELECT", address.Database.ToString(CultureInfo.InvariantCulture)]);
        }

        async Task DemandAsync(string[] command)
        {
            var reply = await connection.SendAsync(command, cancellationToken);
            if (reply.IsError)
            {
                throw Refusal(reply);
            }
        }
    }

    private async ValueTask DropAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync();
        }
    }

    private sealed class Connection(Stream stream) : IAsyncDisposable
    {
        private readonly RespReader _replies = new(stream);

        public async Task<RespReply> SendAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(Encode(command), cancellationToken);
            return await _replies.ReadAsync(cancellationToken);
        }

        public ValueTask DisposeAsync() => stream.DisposeAsync();

        // An array of bulk strings, whatever they hold.
        private static byte[] Encode(IReadOnlyList<string> command)
        {
            using var bytes = new MemoryStream();
            Write($"*{command.Count}\r\n");
            foreach (var word in command)
            {
                Write($"${Encoding.UTF8.GetByteCount(word)}\r\n");
                Write(word);
                Write("\r\n");
            }

            return bytes.ToArray();

            void Write(string text) => bytes.Write(Encoding.UTF8.GetBytes(text));
        }
    }
}
