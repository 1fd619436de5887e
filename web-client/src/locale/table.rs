//! The one table of texts.
//!
//! `{…}` is filled in by [`fill`](super::fill). Texts that never change stand in index.html, in both languages.

use super::Language;

/// Makes the enum, its list and its look-ups from the table.
macro_rules! texts {
    ($($name:ident: $portuguese:literal, $english:literal;)*) => {
        /// A text of the page.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Text {
            $(#[doc = $portuguese] $name,)*
        }

        /// The words of every text, in the order of [`Language`].
        static TABLE: &[[&str; 2]] = &[$([$portuguese, $english],)*];

        impl Text {
            /// Every text.
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its words.
            pub(crate) fn in_language(self, language: Language) -> &'static str {
                TABLE[self as usize][language as usize]
            }
        }
    };
}

texts! {
    // The field.
    FieldHint: "Enter envia · Shift+Enter quebra a linha · ‘sair’ encerra",
        "Enter sends · Shift+Enter breaks the line · ‘sair’ leaves";
    StreamHint: "Enter envia a linha · Shift+Enter quebra a linha · vazia, só a quebra",
        "Enter sends the line · Shift+Enter breaks the line · empty, only the break";

    // Leaving.
    LeaveQueue: "Sair da fila", "Leave the queue";
    LeaveConversation: "Encerrar", "End";
    Leaving: "Despedindo-se…", "Saying goodbye…";

    // Waiting and talking.
    Connecting: "Conectando…", "Connecting…";
    NextInLine: "Você é o próximo", "You are next";
    InLine: "Você é o {place} da fila", "You are {place} in line";
    AheadOne: "Uma pessoa à sua frente.", "One person ahead of you.";
    AheadMany: "{count} pessoas à sua frente.", "{count} people ahead of you.";
    Holder: "{name} conversa agora.", "{name} is talking now.";
    AnyMoment: "A qualquer momento.", "Any moment now.";
    UnderAMinute: "Menos de um minuto.", "Less than a minute.";
    AboutAMinute: "Cerca de um minuto.", "About a minute.";
    AboutMinutes: "Cerca de {count} minutos.", "About {count} minutes.";
    AboutHours: "Mais de {count} h.", "More than {count} h.";
    WriteAhead: "Pode escrever desde já: a mensagem sai com a sua vez.",
        "You can write already: the message goes out with your turn.";
    YourTurn: "É a sua vez", "It is your turn";
    YourTurnDetail: "A conversa é sua, só sua, até você encerrar.",
        "The conversation is yours, and only yours, until you end it.";
    StillThere: "Você ainda está aí?", "Are you still there?";
    TurnEnds: "A sua vez está acabando", "Your turn is ending";
    IdleWarning: "Há gente esperando. Sem mensagem sua, a vez passa em {time}.",
        "Others are waiting. Without a message from you, the turn passes on in {time}.";
    TurnWarning: "Há gente esperando. A sua vez termina em {time}.",
        "Others are waiting. Your turn ends in {time}.";

    // Connections end.
    Farewell: "Conversa encerrada", "Conversation ended";
    FarewellDetail: "Até a próxima!", "See you!";
    NoFarewellDetail: "O servidor não se despediu a tempo, e a página fechou a conexão.",
        "The server did not say goodbye in time, and the page closed the connection.";
    EndedDetail: "O outro lado terminou.", "The other side has ended.";
    LeftQueue: "Você saiu da fila", "You left the queue";
    LeftQueueDetail: "O seu lugar passou para quem vinha depois.", "Your place went to whoever came next.";
    Shutdown: "O servidor está saindo do ar", "The server is going away";
    ShutdownDetail: "Assim que ele voltar, você entra na fila de novo.",
        "As soon as it is back, you join the queue again.";
    Restart: "O servidor está reiniciando", "The server is restarting";
    QueueFull: "A fila está cheia", "The queue is full";
    PerAddress: "Há conexões demais do seu endereço", "Too many connections from your address";
    PerAddressDetail: "Feche outra aba ou janela; tentamos de novo.", "Close another tab or window; we keep trying.";
    PerUser: "Há lugares demais com o seu nome", "Too many places have your name";
    Lost: "O seu lugar se perdeu", "Your place was lost";
    Unavailable: "Não há quem responda", "Nobody is there to answer";
    UnavailableDetail: "O que fica atrás do servidor falhou. Você pode tentar de novo.",
        "What stands behind the server failed. You can try again.";
    TakenOver: "A conversa continua em outro lugar", "The conversation goes on elsewhere";
    TakenOverDetail: "Outra aba ou janela está com o seu lugar. Quer continuar lá ou aqui?",
        "Another tab or window has your place. Do you want to go on there or here?";
    ContinueHere: "Continuar aqui", "Go on here";
    ConnectNow: "Conectar agora", "Connect now";
    QueueFullDetail: "Tentamos de novo até abrir um lugar.", "We keep trying until a place opens.";
    IdleLimit: "A sua vez passou", "Your turn has passed";
    IdleLimitDetail: "Houve silêncio demais com gente esperando.", "It was silent too long while others waited.";
    TurnLimit: "O seu tempo acabou", "Your time is up";
    TurnLimitDetail: "Há gente esperando. Se quiser, entre na fila de novo.",
        "Others are waiting. You can join the queue again.";
    TooBig: "A mensagem era grande demais", "The message was too big";
    TooBigDetail: "O servidor aceita até {limit} por mensagem.", "The server takes up to {limit} a message.";
    Refused: "O servidor recusou a conexão", "The server refused the connection";
    RefusedDetail: "Abra a página pelo endereço que o servidor mostra.",
        "Open the page at the address that the server shows.";
    HandshakeRefusedDetail: "Ele responde, mas o endereço desta página pode não estar permitido. Quem cuida do servidor o permite com --allow-origin ou --allow-host.",
        "It answers, but this page's address may not be allowed. Who runs the server can allow it with --allow-origin or --allow-host.";
    Error: "O servidor teve um problema", "The server had a problem";
    ErrorDetail: "A conversa parou aqui. Você pode tentar de novo.", "The conversation stopped here. You can try again.";
    Network: "A conexão caiu", "The connection was lost";
    NetworkDetail: "Ao voltar, você entra no fim da fila. O que escreveu está guardado.",
        "On return you join the end of the queue. What you wrote is kept.";
    KeptDetail: "O seu lugar fica guardado por pouco tempo. O que escreveu também.",
        "Your place is kept for a short time, and so is what you wrote.";
    Unreachable: "O servidor não responde", "The server does not answer";
    UnreachableDetail: "Pode estar desligado, ou a rede falhou.", "It may be off, or the network failed.";
    Offline: "Você está sem rede", "You are offline";
    OfflineDetail: "Conectamos de novo assim que a rede voltar.", "We connect again as soon as the network is back.";
    RetryIn: "Nova tentativa em {time}", "Next try in {time}";

    // Messages.
    Me: "Você", "You";
    Server: "Servidor", "Server";
    Copy: "Copiar", "Copy";
    Copied: "Mensagem copiada.", "Message copied.";
    NotCopied: "O navegador não deixou copiar.", "The browser did not allow copying.";
    DeliveryWaiting: "espera a vez", "waiting for the turn";
    DeliverySent: "enviada", "sent";
    DeliveryAnswered: "respondida", "answered";
    DeliveryUnanswered: "sem resposta", "no answer";
    DeliveryUnsent: "não enviada", "not sent";
    NoteBegan: "A sua vez começou", "Your turn began";
    NoteEnded: "A conversa terminou", "The conversation ended";
    NoteLost: "A conexão caiu", "The connection was lost";
    NoteSeatLost: "O seu lugar não pôde ser guardado; você entrou de novo no fim da fila",
        "Your place could not be kept; you joined the end of the queue again";
    EmptyRefused: "Por favor, digite uma mensagem ou ‘sair’.", "Please type a message or ‘sair’.";
    RoomLeft: "Cabem mais {bytes}.", "Room for {bytes} more.";
    RoomExceeded: "Passou {bytes} do limite de {limit}.", "{bytes} over the limit of {limit}.";
    StreamCut: "[O começo ficou fora: cabem os últimos {limit}.]", "[The beginning is left out: the last {limit} fit.]";
    FileName: "conversa.txt", "conversation.txt";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Language, Text};

    const PAGE: &str = include_str!("../../index.html");

    fn holes(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
    }

    #[test]
    fn every_text_is_in_both_languages_with_the_same_holes() {
        for text in Text::ALL {
            let portuguese = text.in_language(Language::Portuguese);
            let english = text.in_language(Language::English);
            assert!(!portuguese.trim().is_empty() && !english.trim().is_empty(), "{text:?}");
            assert_eq!(holes(portuguese), holes(english), "{text:?}");
        }
    }

    #[test]
    fn the_page_says_everything_in_both_languages() {
        let count = |class: &str| PAGE.matches(&format!("class=\"{class}\"")).count();
        assert!(count("pt") > 0);
        assert_eq!(count("pt"), count("en"));
    }

    #[test]
    fn the_page_starts_with_the_portuguese_of_the_table() {
        for text in [Text::Connecting, Text::LeaveQueue, Text::FieldHint] {
            let words = text.in_language(Language::Portuguese);
            assert!(PAGE.contains(&format!(">{words}<")), "{words}");
        }
    }
}
