using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Catalog.Cache;
using Sluice.Testing;

namespace Sluice.Catalog.Tests.Cache;

/// <summary>The client against a real Redis.</summary>
public sealed class RedisTests
{
    [Fact]
    public async Task Texts_come_back_as_they_were_and_nothing_is_null()
    {
        await using var server = await StartAsync();
        await using var redis = Connect(server);
        var large = new string('é', 200_000) + "\r\n$5\r\n";

        Assert.Equal("PONG", await redis.SendAsync(["PING"], default));
        Assert.Equal("OK", await redis.SendAsync(["SET", "a", large], default));
        Assert.Equal(large, await redis.SendAsync(["GET", "a"], default));
        Assert.Null(await redis.SendAsync(["GET", "b"], default));
        Assert.Equal("2", await redis.SendAsync(["INCRBY", "n", "2"], default));
        Assert.Contains("WRONGTYPE", (await Assert.ThrowsAsync<RedisException>(() => redis.SendAsync(["LPUSH", "a", "x"], default))).Message);
        Assert.Equal("PONG", await redis.SendAsync(["PING"], default));
    }

    [Fact]
    public async Task Many_at_once_get_each_its_own_answer()
    {
        await using var server = await StartAsync();
        await using var redis = Connect(server);

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(n => redis.SendAsync(["ECHO", $"{n}"], default)));

        Assert.Equal(Enumerable.Range(0, 200).Select(n => $"{n}"), answers);
    }

    [Fact]
    public async Task A_password_and_a_database_are_used_and_a_wrong_password_is_told_without_it()
    {
        await using var server = await StartAsync("--requirepass", "right");
        await using var right = Connect(server, ":right@", "/2");
        await using var wrong = Connect(server, ":hunter2@");
        await using var none = Connect(server);

        Assert.Equal("OK", await right.SendAsync(["SET", "a", "1"], default));
        var info = await right.SendAsync(["INFO", "keyspace"], default);
        Assert.Contains("db2:keys=1", info);
        var refusal = await Assert.ThrowsAsync<RedisException>(() => wrong.SendAsync(["PING"], default));
        Assert.Contains("WRONGPASS", refusal.Message);
        Assert.DoesNotContain("hunter2", refusal.Message);
        Assert.Contains("NOAUTH", (await Assert.ThrowsAsync<RedisException>(() => none.SendAsync(["PING"], default))).Message);
    }

    [Fact]
    public async Task Users_have_names()
    {
        await using var server = await StartAsync("--user", "ana", "on", ">secret", "~*", "+@all", "--user", "default", "off");
        await using var ana = Connect(server, "ana:secret@");

        Assert.Equal("ana", await ana.SendAsync(["ACL", "WHOAMI"], default));
    }

    [Fact]
    public async Task A_server_without_hello_is_greeted_in_the_old_way()
    {
        await using var server = await StartAsync("--requirepass", "right", "--rename-command", "HELLO", "");
        await using var redis = Connect(server, ":right@");

        Assert.Equal("PONG", await redis.SendAsync(["PING"], default));
    }

    [Fact]
    public async Task A_connection_that_died_is_made_anew_within_the_same_command()
    {
        await using var server = await StartAsync();
        await using var redis = Connect(server);
        await using var other = Connect(server);
        await redis.SendAsync(["PING"], default);

        await other.SendAsync(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"], default);
        Assert.Equal("PONG", await redis.SendAsync(["PING"], default));

        server.Kill();
        Assert.Contains("does not answer", (await Assert.ThrowsAsync<RedisException>(() => redis.SendAsync(["PING"], default))).Message);
        await server.StartAsync();
        Assert.Equal("PONG", await redis.SendAsync(["PING"], default));
    }

    [Fact]
    public async Task An_answer_that_was_given_up_is_not_taken_for_the_next_one()
    {
        await using var server = await StartAsync();
        await using var redis = Connect(server);
        await redis.SendAsync(["PING"], default);
        server.Freeze(true);
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => redis.SendAsync(["ECHO", "late"], patience.Token));
        server.Freeze(false);

        Assert.Equal("next", await redis.SendAsync(["ECHO", "next"], default));
    }

    [Fact]
    public async Task Over_tls_only_a_certificate_of_the_named_authority_is_believed()
    {
        using var folder = new TemporaryFolder();
        WriteCertificates(folder, "localhost");
        await using var server = await StartAsync(
            "--tls-cert-file", folder.File("server.pem"), "--tls-key-file", folder.File("server.key"), "--tls-ca-cert-file", folder.File("ca.pem"), "--tls-auth-clients", "no");
        await using var trusting = Read(("REDIS_URL", $"rediss://localhost:{server.Port}"), ("REDIS_CA_FILE", folder.File("ca.pem")));
        await using var otherName = Read(("REDIS_URL", $"rediss://127.0.0.1:{server.Port}"), ("REDIS_CA_FILE", folder.File("ca.pem")));
        await using var wary = Read(("REDIS_URL", $"rediss://localhost:{server.Port}"));

        Assert.Equal("PONG", await trusting.SendAsync(["PING"], default));
        Assert.Contains("certificate", (await Assert.ThrowsAsync<RedisException>(() => wary.SendAsync(["PING"], default))).Message);
        Assert.Contains("certificate", (await Assert.ThrowsAsync<RedisException>(() => otherName.SendAsync(["PING"], default))).Message);
    }

    [Fact]
    public async Task What_is_no_redis_is_called_so()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var redis = Read(("REDIS_URL", $"redis://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));
        var sending = redis.SendAsync(["PING"], default);
        using var peer = await listener.AcceptTcpClientAsync();
        await peer.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());

        Assert.Contains("is no Redis", (await Assert.ThrowsAsync<RedisException>(() => sending)).Message);
    }

    [Fact]
    public async Task A_cache_that_is_away_is_not_waited_for_twice_and_is_found_again()
    {
        await using var server = await StartAsync();
        var clock = new ManualClock();
        await using var cache = new SharedCache(Connect(server), clock, NullLogger.Instance);
        await cache.WriteGenerationAsync("run-1", default);
        await cache.WriteAsync("key", "text", TimeSpan.FromHours(1), default);
        Assert.Equal(("run-1", "text"), (await cache.ReadGenerationAsync(default), await cache.ReadAsync("key", default)));

        server.Freeze(true);
        Assert.Contains("no answer in 500 ms", (await Assert.ThrowsAsync<RedisException>(() => cache.ReadAsync("key", default))).Message);
        Assert.Contains("did not answer a moment ago", (await Assert.ThrowsAsync<RedisException>(() => cache.ReadAsync("key", default))).Message);
        server.Freeze(false);
        clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("text", await cache.ReadAsync("key", default));
        Assert.Equal(1, cache.Failures);
    }

    internal static IRedis Read(params (string Name, string Value)[] variables) =>
        RedisAddress.Read(name => variables.FirstOrDefault(variable => variable.Name == name).Value, [])!.Connect();

    private static IRedis Connect(RedisServer server, string who = "", string path = "") => Read(("REDIS_URL", $"redis://{who}127.0.0.1:{server.Port}{path}"));

    private static Task<RedisServer> StartAsync(params string[] options)
    {
        Assert.SkipUnless(RedisServer.IsInstalled, RedisServer.Missing);
        return RedisServer.StartAsync(options);
    }

    private static void WriteCertificates(TemporaryFolder folder, string name)
    {
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=authority of the test", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var signer = authority.CreateSelfSigned(from, to);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(signer, from, to, [1, 2, 3, 4]);
        File.WriteAllText(folder.File("ca.pem"), signer.ExportCertificatePem());
        File.WriteAllText(folder.File("server.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(folder.File("server.key"), key.ExportPkcs8PrivateKeyPem());
    }
}
