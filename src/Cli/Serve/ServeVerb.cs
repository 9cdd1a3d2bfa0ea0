using System.CommandLine;
using Sluice.Cli.CommandLine;

namespace Sluice.Cli.Serve;

/// <summary><c>serve</c>.</summary>
internal static class ServeVerb
{
    public static Command Create(Terminal terminal)
    {
        var listen = new Option<string?>("--listen") { Description = "Address and port; 127.0.0.1:7717 by default, port 0 takes a free one.", HelpName = "ADDRESS:PORT" };
        var postgres = new Option<string?>("--postgres") { Description = "Keep the registry in PostgreSQL; better set SLUICE__Registry__ConnectionString.", HelpName = "CONNECTION" };
        var behindProxy = new Option<bool>("--behind-proxy") { Description = "A proxy in front ends TLS: beyond loopback without a certificate." };
        var certificate = new Option<string?>("--certificate") { Description = "PEM certificate to serve HTTPS with.", HelpName = "FILE" };
        var certificateKey = new Option<string?>("--certificate-key") { Description = "Its PEM key.", HelpName = "FILE" };
        var directory = new Option<string?>("--base") { Description = "What relative directories in plans are relative to; the current folder by default.", HelpName = "FOLDER" };
        return new Command("serve", "Run the server.") { listen, postgres, behindProxy, certificate, certificateKey, directory }
            .Does(terminal, (parsed, cancellationToken) =>
            {
                var flags = new Dictionary<string, string?>
                {
                    ["Server:Listen"] = parsed.GetValue(listen),
                    ["Server:BehindProxy"] = parsed.GetValue(behindProxy) ? "true" : null,
                    ["Server:Certificate"] = parsed.GetValue(certificate),
                    ["Server:CertificateKey"] = parsed.GetValue(certificateKey),
                    ["Server:BaseDirectory"] = parsed.GetValue(directory),
                    ["Registry:ConnectionString"] = parsed.GetValue(postgres),
                };
                var given = flags.Where(f => f.Value is not null).ToDictionary(f => f.Key, f => f.Value);
                return ServerProgram.RunAsync(
                    DataFolder.Find(parsed.GetValue(CommonOptions.Data)), given, parsed.GetValue(CommonOptions.Verbose), terminal, null, cancellationToken);
            });
    }
}
